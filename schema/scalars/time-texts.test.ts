import { expect, test } from "vitest";
import { dateInput, dateTimeInput, durationInput, timeInput } from "./time-texts.ts";

test.each([
  [dateInput, "2024-02-29", "2024-02-29"],
  [dateInput, "0001-01-01", "0001-01-01"],
  [timeInput, "24:00:00.000", "24:00:00.000"],
  [timeInput, "12:30z", "12:30Z"],
  [timeInput, "12:30+05", "12:30+05"],
  [dateTimeInput, "2024-05-01t12:30:00.1234567+0530", "2024-05-01T12:30:00.1234567+0530"],
  [dateTimeInput, "2024-05-01 24:00", "2024-05-01 24:00"],
  [durationInput, "P1M", "P1M"],
  [durationInput, "-P1DT-2H", "P-1DT2H"],
  [durationInput, "+P1.5D", "P1.5D"],
  [durationInput, "P+1Y-2M", "P1Y-2M"],
  [durationInput, "PT0.000001S", "PT0.000001S"],
])("%o takes %s", (read, text, expected) => {
  expect(read(text)).toBe(expected);
});

test.each([
  ...["2023-02-29", "2024-13-01", "0000-01-01", "10000-01-01", "2024-1-1", "2024-04-31"].map(
    (text) => [dateInput, text] as const,
  ),
  ...["24:00:01", "24:30", "12:60", "12:30:60", "12", "12:30+16:00", "12:30+05:60", "12:30:00."].map(
    (text) => [timeInput, text] as const,
  ),
  ...["2024-05-01", "2024-05-01T", "2024-05-01X12:30", "2023-02-29T12:30"].map(
    (text) => [dateTimeInput, text] as const,
  ),
  ...["", "P", "PT", "P1DT", "1D", "P1D1Y", "P1H", "P1,5D", "P1e3D", "P1000000000D", "PT3000000000H", "P1D\n"].map(
    (text) => [durationInput, text] as const,
  ),
])("%o refuses %j", (read, text) => {
  expect(read(text)).toBeNull();
});
