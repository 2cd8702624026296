import { PasswordError } from './password-error.ts';
import { newPasswordProblem } from './rules.ts';
import { type FoundPassword, findPassword, type PasswordSources, suppliedPassword } from './source.ts';

/**
 * A new master password: from the sources of `findPassword`, checked against the rules; on a terminal typed twice, and
 * asked again until it is legal and both are equal.
 *
 * @param tell shows a line to the person at the terminal
 * @throws PasswordError naming the rule that a supplied password breaks
 */
export async function findNewPassword(sources: PasswordSources, tell: (line: string) => void): Promise<FoundPassword> {
  const supplied = suppliedPassword(sources);
  if (supplied !== null) {
    const problem = newPasswordProblem(supplied.password);
    if (problem !== null) throw new PasswordError(problem);
    return supplied;
  }
  if (sources.ask === null) return findPassword(sources);
  for (;;) {
    const password = await sources.ask('New master password (12 to 128 characters): ');
    const problem = newPasswordProblem(password);
    if (problem !== null) tell(problem);
    else if ((await sources.ask('The same again: ')) === password) return { password, source: 'terminal' };
    else tell('The two do not match.');
  }
}
