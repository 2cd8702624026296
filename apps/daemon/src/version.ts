/** Version of the product; all packages share it (01). A test compares it with package.json. */
export const VERSION = '0.2.0';
