/** A text that a contract or a node chose, as far as it can be shown: printable ASCII, cut to a length, outer spaces off. */
export const printable = (text: string, maxLength: number): string =>
  text
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, maxLength)
    .trim();
