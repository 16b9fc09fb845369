/** Waits until `condition` holds, looking again and again; for tests on real sockets and processes. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  boundMilliseconds = 10_000,
): Promise<void> {
  const end = performance.now() + boundMilliseconds;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not within ${boundMilliseconds} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
