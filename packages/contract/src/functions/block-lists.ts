import { asId, type BlockListId } from '@ritmo/domain';
import { digitsOf, done, refused, wholeNumber, type ContractFunction } from '../function.ts';

export const blockNumber: ContractFunction = {
  name: 'inserir_telefone_black_list',
  meaning: 'inclui um telefone em uma black list',
  parameters: [
    { name: 'id_black_list', meaning: 'código da black list' },
    { name: 'telefone', meaning: 'número de telefone' },
    { name: 'descricao', meaning: 'observação a respeito do telefone', optional: true },
  ],
  table: { section: '1.3.1.35', name: 'inserir_telefone_black_list' },
  async run(values, { by }, { bus }) {
    const listId = wholeNumber(values.get('id_black_list'));
    if (listId === undefined) return refused('block-list-unknown');
    const number = digitsOf(values.get('telefone'));
    if (number === undefined || number === '') return refused('number-invalid');
    const reply = await bus.request('dialer.blocklist.add', {
      blockListId: asId<BlockListId>(listId),
      number,
      description: values.get('descricao'),
      by,
    });
    if (reply.ok) return done('number-blocked');
    switch (reply.code) {
      case 'unknown-list':
        return refused('block-list-unknown');
      case 'invalid-number':
        return refused('number-invalid');
      case 'failed':
        return refused('block-failed');
    }
  },
};

export const unblockNumber: ContractFunction = {
  name: 'remover_telefone_black_list',
  meaning: 'remove um telefone de uma black list, ou de todas quando nenhuma é informada',
  parameters: [
    { name: 'id_black_list', meaning: 'código da black list', optional: true },
    { name: 'telefone', meaning: 'número de telefone' },
  ],
  table: { section: '1.3.1.36', name: 'remover_telefone_black_list' },
  async run(values, { by }, { bus }) {
    const list = values.get('id_black_list');
    const listId = wholeNumber(list);
    if (list !== '' && listId === undefined) return refused('block-list-unknown');
    const number = digitsOf(values.get('telefone'));
    if (number === undefined || number === '') return refused('number-invalid');
    const reply = await bus.request('dialer.blocklist.remove', {
      blockListId: listId === undefined ? null : asId<BlockListId>(listId),
      number,
      by,
    });
    if (reply.ok) return reply.removed > 0 ? done('number-unblocked') : refused('unblock-failed');
    switch (reply.code) {
      case 'unknown-list':
        return refused('block-list-unknown');
      case 'invalid-number':
        return refused('number-invalid');
      case 'failed':
        return refused('unblock-failed');
    }
  },
};
