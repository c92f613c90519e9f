import { asCallId } from '@ritmo/domain';
import { basename } from 'node:path';
import { refused, wholeNumber, type ContractFunction } from '../function.ts';

export const recording: ContractFunction = {
  name: 'gravacao',
  meaning: 'retorna o arquivo de gravação de uma ligação, em formato WAV',
  parameters: [
    { name: 'codigo_ligacao', meaning: 'código da ligação', optional: true },
    { name: 'parte', meaning: 'número da parte, quando há mais de um arquivo', optional: true },
    { name: 'codigo_monitoria', meaning: 'ou o código do arquivo', optional: true },
  ],
  http: {
    section: '1.1.13',
    aliases: ['gravação'],
    also: 'audio/wav',
    syntax: [
      'gravacao?codigo_ligacao=<código da ligação>',
      'gravacao?codigo_ligacao=<código da ligação>&parte=<número da parte>',
      'gravacao?codigo_monitoria=<código do arquivo>',
    ],
  },
  async run(values, _caller, { bus }) {
    const callId = values.get('codigo_ligacao');
    const recordingId = wholeNumber(values.get('codigo_monitoria'));
    if (callId === '' && recordingId === undefined) return refused('no-recording');
    const { parts } = await bus.request('recorder.find', {
      callId: callId === '' ? null : asCallId(callId),
      recordingId: callId === '' ? (recordingId ?? null) : null,
    });
    if (parts.length === 0) return refused('no-recording');
    const wanted = values.get('parte');
    if (wanted === '' && parts.length > 1) return refused('several-recordings');
    const part = wanted === '' ? parts[0] : parts.find((each) => each.part === wholeNumber(wanted));
    if (part === undefined) return refused('part-unknown');
    return { kind: 'recording', file: part.file, name: basename(part.file) };
  },
};
