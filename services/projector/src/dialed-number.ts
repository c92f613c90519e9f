import { areaCodes } from '@ritmo/domain';

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/**
 * Area code and number out of what a trunk was sent: its dial format (`0{areaCode}{number}`, `1234#{areaCode}{number}`) read backwards.
 * What does not look like it, as numbers without an area code do not, was sent as it is.
 */
export function numberDialed(dialFormat: string, sent: string): string {
  const parts = dialFormat.split(/(\{areaCode\}|\{number\})/);
  if (parts.filter((part) => part === '{areaCode}').length !== 1 || parts.filter((part) => part === '{number}').length !== 1) return sent;
  const pattern = parts.map((part) => (part === '{areaCode}' ? '(?<areaCode>\\d{2})' : part === '{number}' ? '(?<number>\\d{8,9})' : escaped(part)));
  const { areaCode, number } = new RegExp(`^${pattern.join('')}$`).exec(sent)?.groups ?? {};
  return areaCode !== undefined && number !== undefined && areaCodes.has(areaCode) ? areaCode + number : sent;
}
