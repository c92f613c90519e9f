import type { Bus } from '@ritmo/bus';
import type { Logger } from 'pino';

export interface DeskPhone {
  readonly model: 'khomp' | 'grandstream';
  readonly extension: string;
  /** Host or host:port of the phone's own web page. Undefined: where it registered from. */
  readonly address: string | undefined;
  readonly password: string | undefined;
}

export interface DeskPhones {
  /** Asks the phone to dial. False when it cannot be reached or refuses. */
  dial(phone: DeskPhone, number: string): Promise<boolean>;
}

const timeoutMs = 5_000;

/** The phone's own click-to-dial address, in the forms of 1.1.20. */
export function clickToDialUrl(phone: { readonly model: DeskPhone['model']; readonly address: string; readonly password: string | undefined }, number: string): { url: string; authorization: string | undefined } {
  switch (phone.model) {
    case 'khomp':
      // http://root:root@192.168.0.25/goform/SavePhoneCAllInfoCfg?DialNumber=2222&Operate=Dail&BlackListAccountID=127 (spelled so)
      return {
        url: `http://${phone.address}/goform/SavePhoneCAllInfoCfg?DialNumber=${encodeURIComponent(number)}&Operate=Dail&BlackListAccountID=127`,
        authorization: `Basic ${Buffer.from(`root:${phone.password ?? 'root'}`).toString('base64')}`,
      };
    case 'grandstream':
      return {
        url: `http://${phone.address}/cgi-bin/api-make_call?phonenumber=${encodeURIComponent(number)}&account=0&password=${encodeURIComponent(phone.password ?? 'admin')}`,
        authorization: undefined,
      };
  }
}

/** Where a phone that registered with this Contact is: its host, for the web page is on another port. */
export const hostOfContact = (contact: string): string | undefined => /sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;>]+)/i.exec(contact)?.[1];

const longestAnswerBytes = 4_096;

async function beginningOf(response: Response): Promise<string> {
  let text = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader !== undefined && text.length < longestAnswerBytes) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
  }
  await reader?.cancel();
  return text;
}

export function createDeskPhones(parts: { readonly bus: Bus; readonly log: Logger }): DeskPhones {
  const { bus, log } = parts;

  /** A shared extension's phone is found by its registration (1.1.20). */
  const registeredHost = async (extension: string): Promise<string | undefined> => {
    const { bindings } = await bus.request('telephony.bindings', {});
    return hostOfContact(bindings.find((binding) => binding.extension === extension)?.contact ?? '');
  };

  return {
    async dial(phone, number) {
      try {
        const address = phone.address ?? (await registeredHost(phone.extension));
        if (address === undefined) return false;
        const { url, authorization } = clickToDialUrl({ ...phone, address }, number);
        const response = await fetch(url, {
          headers: authorization === undefined ? {} : { authorization },
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
        });
        // A Grandstream says so in the body, with 200.
        const dials = response.ok && !/"response"\s*:\s*"error"/i.test(await beginningOf(response));
        if (!dials) log.warn({ extension: phone.extension, status: response.status }, 'the desk phone refused to dial');
        return dials;
      } catch (error) {
        log.warn({ err: error, extension: phone.extension }, 'the desk phone does not answer');
        return false;
      }
    },
  };
}
