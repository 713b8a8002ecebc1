import { HttpTransportType, HubConnectionBuilder, HubConnectionState, LogLevel, type HubConnection } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { ofHub, type RelayFailure } from './failure';
import { ticketFor, urlOf } from './rest';

export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'connected' }
  | { kind: 'reconnecting' | 'waiting'; failure: RelayFailure; at: number }
  | { kind: 'refused'; failure: RelayFailure }
  | { kind: 'done' };

/** Works on a connection until what it waits for is over; `accepted` says that the relay does what it was asked for. */
export type Serve = (hub: HubConnection, signal: AbortSignal, accepted: () => void) => Promise<void>;

/** The first pause is never 0: a page that comes back at once can reattach to a relay that is about to stop. */
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;
const PING = 5000;

/**
 * The page's connection to the hub: makes it, makes it anew when it breaks, and says how it stands. A failure that passes is tried again, after a pause that
 * doubles until the relay accepts something again, and so is what is not there yet; what no retry can change is shown, until `again()`.
 */
export class Link {
  state: LinkState = { kind: 'connecting' };
  readonly #stopped = new AbortController();
  #hub: HubConnection | null = null;
  #pause = FIRST_PAUSE;
  #wake = () => {};
  #waiting: ((hub: HubConnection) => void)[] = [];
  #isDone = false; // What it waits for is over. The connection stays for calls, and is made anew for them.
  #isIdle = false;

  /** @param session Whose token is used; null where only an admin key will do. */
  constructor(
    private readonly session: string | null,
    private readonly serve: Serve,
    private readonly changed: (state: LinkState) => void,
  ) {
    void this.#run();
  }

  /** The connection as it stands, or the next one. */
  hub(): Promise<HubConnection> {
    if (this.#hub) return Promise.resolve(this.#hub);
    const next = new Promise<HubConnection>((resolve) => this.#waiting.push(resolve));
    if (this.#isIdle) this.#wake();
    return next;
  }

  /** A call on the connection. One that breaks meanwhile fails it. @throws {RelayFailure} */
  async call(method: string, ...args: unknown[]): Promise<unknown> {
    const hub = await this.hub();
    try {
      return await hub.invoke(method, ...args);
    } catch (error) {
      throw ofHub(error);
    }
  }

  /** Tries at once, also what was refused. */
  again(): void {
    this.#isDone = false;
    this.#wake();
  }

  stop(): void {
    this.#stopped.abort();
    this.#wake();
    void this.#leave();
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        const hub = await this.#connect();
        if (this.#stopped.signal.aborted) break;
        if (!this.#isDone) await this.#serveOn(hub);
        this.#isDone = true;
        this.#pause = FIRST_PAUSE;
        this.#say({ kind: 'done' });
        await this.#idle();
        await this.#leave();
      } catch (error) {
        const failure = ofHub(error);
        const wait = this.#pause * (0.5 + Math.random() / 2); // Pages that lost the same relay must not all come back at once.
        this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
        const isFinal = !failure.isPassing && !failure.isAwaited;
        this.#say(isFinal ? { kind: 'refused', failure } : { kind: failure.isAwaited ? 'waiting' : 'reconnecting', failure, at: Date.now() + wait });
        await this.#leave();
        await this.#woken(isFinal ? null : wait);
      }
    }
    await this.#leave();
  }

  async #serveOn(hub: HubConnection): Promise<void> {
    await this.serve(hub, this.#stopped.signal, () => {
      this.#pause = FIRST_PAUSE;
      this.#say({ kind: 'connected' });
    });
  }

  /** Until somebody asks for it again, or for something that takes a connection when there is none any more. */
  async #idle(): Promise<void> {
    this.#isIdle = true;
    if (this.#hub || this.#waiting.length === 0) await this.#woken(null);
    this.#isIdle = false;
  }

  async #connect(): Promise<HubConnection> {
    const ticket = await ticketFor(this.session);
    const hub = new HubConnectionBuilder()
      .withUrl(urlOf('hubs/logs'), { skipNegotiation: true, transport: HttpTransportType.WebSockets, accessTokenFactory: () => ticket })
      .withHubProtocol(new MessagePackHubProtocol())
      .withKeepAliveInterval(PING)
      .configureLogging(LogLevel.None)
      .build();
    hub.onclose(() => {
      if (this.#hub === hub) this.#hub = null;
    });
    await hub.start();
    this.#hub = hub;
    this.#waiting.splice(0).forEach((resolve) => resolve(hub));
    return hub;
  }

  async #leave(): Promise<void> {
    const hub = this.#hub;
    this.#hub = null;
    if (hub && hub.state !== HubConnectionState.Disconnected) await hub.stop().catch(() => {});
  }

  #say(state: LinkState): void {
    if (this.#stopped.signal.aborted) return;
    this.state = state;
    this.changed(state);
  }

  #woken(milliseconds: number | null): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = milliseconds === null ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
