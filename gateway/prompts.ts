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

/** Whether there is a prompt, or was one in the last so many milliseconds. */
export function wasPrompted(milliseconds: number): boolean {
  return open > 0 || performance.now() - lastClosed < milliseconds;
}
