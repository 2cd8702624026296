/**
 * What getGenesisHash answers, always: clients that pin the cluster they talk to can pin this one. It is the SHA-256 of
 * the text "waiaas localnet genesis" in base58.
 */
export const LOCALNET_GENESIS_HASH = 'CvTZFJzSaGtzSZnnkueUEZn69z1vpZPFCmmxzeJGhdgS';
