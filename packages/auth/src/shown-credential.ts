/**
 * A credential that was right when it was shown. A request is let in by its headers and its body may take its time: what it
 * does is done later, when the credential may have ended. So it is asked once more where something is done, in the very
 * step that does it.
 */
export interface ShownCredential {
  /**
   * Asks whether it still holds. No I/O, no guess counted, no idle time restarted.
   * @throws WaiaasError INVALID_MASTER_PASSWORD or INVALID_OPERATOR_TOKEN when it has ended meanwhile
   */
  confirm(): void;
}
