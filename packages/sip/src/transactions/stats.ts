/** What `SipStack.stats` tells, as it is counted. */
export interface MutableStats {
  transactions: number;
  dialogs: number;
  retransmissions: number;
  received: number;
  sent: number;
  dropped: number;
  parseErrors: number;
}
