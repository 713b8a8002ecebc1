import { beforeEach, describe, expect, it, vi } from 'vitest';

interface FakeHub {
  state: string;
  break: () => void;
  invoke: () => Promise<string>;
}

const hubs: FakeHub[] = vi.hoisted(() => []);

vi.mock('@microsoft/signalr', () => {
  class HubConnectionBuilder {
    withUrl = () => this;
    withHubProtocol = () => this;
    withKeepAliveInterval = () => this;
    configureLogging = () => this;
    build() {
      const listeners: (() => void)[] = [];
      const hub = {
        state: 'Connected',
        start: async () => {},
        stop: async () => hub.break(),
        onclose: (listener: () => void) => listeners.push(listener),
        invoke: async () => {
          if (hub.state !== 'Connected') throw new Error('not connected');
          return `hub ${hubs.indexOf(hub) + 1}`;
        },
        break: () => {
          hub.state = 'Disconnected';
          for (const listener of listeners) listener();
        },
      };
      hubs.push(hub);
      return hub;
    }
  }
  return { HubConnectionBuilder, HttpTransportType: { WebSockets: 1 }, HubConnectionState: { Disconnected: 'Disconnected' }, LogLevel: { None: 0 } };
});
vi.mock('@microsoft/signalr-protocol-msgpack', () => ({ MessagePackHubProtocol: class {} }));
vi.mock('../../src/api/rest', () => ({ ticketFor: async () => 'ticket', urlOf: (path: string) => path }));

import { Link } from '../../src/api/link';

beforeEach(() => hubs.splice(0));

describe('Link', () => {
  it('that has nothing more to wait for connects again when something is asked for, and not before', async () => {
    const states: string[] = [];
    const link = new Link('s', async (_, __, accepted) => accepted(), ({ kind }) => states.push(kind));
    expect(await link.call('ReadLines')).toBe('hub 1');
    await vi.waitFor(() => expect(states).toEqual(['connected', 'done']));

    hubs[0]!.break();
    expect(hubs).toHaveLength(1);
    expect(await link.call('ReadLines')).toBe('hub 2');
    expect(await link.call('ReadLines')).toBe('hub 2');
    hubs[1]!.break();
    expect(await link.call('ReadLines')).toBe('hub 3');
    link.stop();
  });

  it('serves again when somebody wants it to', async () => {
    let served = 0;
    const link = new Link('s', async () => void served++, () => {});
    await vi.waitFor(() => expect(link.state.kind).toBe('done'));
    link.again();
    await vi.waitFor(() => expect(served).toBe(2));
    link.stop();
  });
});
