/** Whether a person is at a debugger's prompt: what runs then is not to be ended for taking long. */

let open = 0;
let lastClosed = Number.NEGATIVE_INFINITY;

/** A prompt opens. Call what it returns when it closes. */
export function openPrompt(): () => void {
  let isOpen = true;
  open++;
  return () => {
    if (isOpen) {
      isOpen = false;
      open--;
      lastClosed = performance.now();
    }
  };
}

/** A timer for a deadline: it goes off after this many milliseconds, but not as long as there is a prompt, nor soon after. */
export function startDeadline(milliseconds: number, pass: () => void): NodeJS.Timeout {
  const timer = setTimeout(() => {
    if (open > 0 || performance.now() - lastClosed < milliseconds) {
      timer.refresh();
    } else {
      pass();
    }
  }, milliseconds);
  return timer;
}
