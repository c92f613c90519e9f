import { params, paramsStart } from './scan.ts';
import { unquoted } from './text.ts';

/** What a body's parts are found by: the whole message, or one part of a multipart body. */
interface Carrier {
  readonly body: string;
  get(name: string): string | undefined;
}

const MAX_PARTS = 16;
const MAX_DEPTH = 2;

/**
 * The session description of a message: its body, or the application/sdp part of a multipart one (RFC 5621 3; carriers send ISUP, locations
 * or identities beside it). Empty when there is none: a body of another type is not a description.
 */
export function sdpOf(message: Carrier): string {
  return message.body === '' ? '' : sdpIn(message, 0);
}

function sdpIn(carrier: Carrier, depth: number): string {
  const type = carrier.get('content-type');
  // A body without a type is against RFC 3261 20.15; peers that leave it out mean SDP.
  if (type === undefined) return depth === 0 ? carrier.body : '';
  const name = type.slice(0, type.indexOf(';') === -1 ? type.length : type.indexOf(';')).trim().toLowerCase();
  if (name === 'application/sdp') return carrier.body;
  if (!name.startsWith('multipart/') || depth === MAX_DEPTH) return '';
  const boundary = unquoted(params(type, paramsStart(type)).get('boundary') ?? '');
  for (const part of boundary === '' ? [] : partsOf(carrier.body, boundary)) {
    const found = sdpIn(part, depth + 1);
    if (found !== '') return found;
  }
  return '';
}

/** RFC 2046 5.1.1: parts stand between lines of two dashes and the boundary; the last such line has two more. */
function partsOf(body: string, boundary: string): Carrier[] {
  const found: Carrier[] = [];
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`, MAX_PARTS + 1);
  for (const piece of pieces.slice(1)) {
    if (piece.startsWith('--')) break;
    const lineEnd = piece.indexOf('\r\n');
    const headEnd = piece.indexOf('\r\n\r\n', Math.max(lineEnd, 0));
    if (lineEnd === -1 || headEnd === -1) continue;
    found.push(partOf(piece.slice(lineEnd + 2, headEnd + 2), piece.slice(headEnd + 4)));
  }
  return found;
}

function partOf(head: string, body: string): Carrier {
  return {
    body,
    get: (name) => head.split('\r\n').find((line) => line.slice(0, line.indexOf(':')).trim().toLowerCase() === name)?.replace(/^[^:]*:\s*/, ''),
  };
}
