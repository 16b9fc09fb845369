/** Something in a configuration is not allowed. */
export interface ConfigurationProblem {
  /** Where: `regions[1].cidr`. */
  readonly path: string;
  /** What is wrong and what is allowed. */
  readonly message: string;
}

/** The configuration cannot be used: the message lists everything that is wrong with it. */
export class ConfigurationError extends Error {
  override name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[], options?: ErrorOptions) {
    const list = problems.map(({ path, message }) => `\n  ${path === '' ? '(file)' : path}: ${message}`);
    super(`cannot use the configuration:${list.join('')}`, options);
    this.problems = problems;
  }
}
