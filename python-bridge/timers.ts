/** Node's timers take no more milliseconds: longer ones go off after one. */
export const longestTimer = 2 ** 31 - 1;
