/**
 * Tags and branches derived from the name of a dialog, so that the dialog can be ended by whoever knows the name: the process that comes
 * after a crash. Outsiders know the name too (it is the SIP Call-ID); the installation's secret keeps them from guessing the rest.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { Database } from '@ritmo/database';
import type { DialogIds } from '@ritmo/sip';

export type DialogIdsOf = (sipCallId: string) => DialogIds;

/** RFC 3261 8.1.1.7: every branch begins with it. */
const magicCookie = 'z9hG4bK';
const idHexDigits = 16;

export async function readDialogSecret(database: Database): Promise<Buffer> {
  await database.query("INSERT INTO telephony.secrets VALUES ('dialogs', $1) ON CONFLICT (name) DO NOTHING", [randomBytes(32)]);
  const { rows } = await database.query<{ secret: Buffer }>("SELECT secret FROM telephony.secrets WHERE name = 'dialogs'");
  const secret = rows[0]?.secret;
  if (!secret) throw new Error('telephony.secrets has no secret of dialogs');
  return secret;
}

export function dialogIdsWith(secret: Buffer): DialogIdsOf {
  return (sipCallId) => {
    const digest = createHmac('sha256', secret).update(sipCallId).digest('hex');
    return { localTag: digest.slice(0, idHexDigits), inviteBranch: magicCookie + digest.slice(idHexDigits, 2 * idHexDigits) };
  };
}
