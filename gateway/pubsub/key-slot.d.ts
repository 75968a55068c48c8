/** A package that comes without types. */
declare module "cluster-key-slot" {
  /** The slot of a key or channel, of a cluster's 16384. */
  function calculateSlot(key: string): number;
  export = calculateSlot;
}
