/** The order of test files: those that start whole commands first, so that no long one is left alone at the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** From long to short; a file belongs to the first that its path matches. */
const kinds = [
  /cli\/django\.|django\/querysets|examples\/django|cli\/processes|http\/mixed-faults/,
  /\/(cli|collections|writes|django|psycopg2|differential)\/|bridge\/(death|services)|python\/(redis|network)|attacks\/slow/,
  /\/(bridge|browser|examples|http|attacks)\//,
  /\/(python|docs|subscriptions)\/|planner\/(keys|parameter-|types-)/,
  /^tests\//,
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification): number => {
      const path = file.moduleId.slice(this.ctx.config.root.length + 1);
      const found = kinds.findIndex((kind) => kind.test(path));
      return found < 0 ? kinds.length : found;
    };
    return files.toSorted((one, other) => rank(one) - rank(other) || one.moduleId.localeCompare(other.moduleId));
  }
}
