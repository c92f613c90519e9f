/** Named limits of what we accept from the wire. A message beyond one of them costs its sender an error, and nobody else. */
export const MAX_HEAD_BYTES = 16_384;
export const MAX_HEADER_LINES = 200;
export const MAX_BODY_BYTES = 65_536;
/** RFC 3261 18.1.1: a request within 200 bytes of the MTU goes by a congestion-controlled transport; 1300 when the MTU is unknown. */
export const MAX_UDP_REQUEST_BYTES = 1_300;
export const MAX_VIA_HOPS = 40;
export const MAX_ROUTES = 20;
