import { describe, expect, it } from 'vitest';
import { isKey } from '../../src/ui/shortcuts';

const press = (key: string, ...modifiers: string[]) => ({
  key,
  ctrlKey: modifiers.includes('Ctrl'),
  altKey: modifiers.includes('Alt'),
  metaKey: modifiers.includes('Meta'),
  shiftKey: modifiers.includes('Shift'),
});

describe('a key', () => {
  it('is what it shows, with Shift or without', () => {
    expect(isKey(press('?', 'Shift'), '?')).toBe(true);
    expect(isKey(press('?'), '?')).toBe(true);
    expect(isKey(press('G', 'Shift'), 'G')).toBe(true);
    expect(isKey(press('g'), 'G')).toBe(false);
  });

  it('is another one with Ctrl, Alt or Meta', () => {
    for (const modifier of ['Ctrl', 'Alt', 'Meta']) expect(isKey(press('n', modifier), 'n')).toBe(false);
  });

  it('that shows nothing tells Shift apart', () => {
    expect(isKey(press('ArrowDown', 'Shift'), 'ArrowDown')).toBe(false);
    expect(isKey(press('ArrowDown', 'Shift'), 'Shift+ArrowDown')).toBe(true);
    expect(isKey(press(' ', 'Shift'), ' ')).toBe(false);
    expect(isKey(press(' ', 'Shift'), 'Shift+ ')).toBe(true);
  });

  it('with a modifier needs it', () => {
    expect(isKey(press('f', 'Ctrl'), 'Mod+f')).toBe(true);
    expect(isKey(press('f'), 'Mod+f')).toBe(false);
    expect(isKey(press('+'), '+')).toBe(true);
  });
});
