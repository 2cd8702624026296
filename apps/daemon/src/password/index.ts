export { findNewPassword } from './new-password.ts';
export { InterruptedError, PasswordError } from './password-error.ts';
export { type AskHidden, hiddenPrompt, type PromptInput, type Terminal } from './prompt.ts';
export { newPasswordProblem, PASSWORD_MAX, PASSWORD_MIN } from './rules.ts';
export {
  type FoundPassword,
  findPassword,
  PASSWORD_FILE_VARIABLE,
  PASSWORD_VARIABLE,
  type PasswordFlags,
  type PasswordSources,
  suppliedPassword,
} from './source.ts';
