/** A refusal of the relay, or a connection that broke: `code` is one of docs/protocol.md's error codes. */
export class RelayFailure extends Error {
  constructor(
    readonly code: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }

  /** Whether the same may go well a little later. */
  get isPassing(): boolean {
    return PASSING.has(this.code);
  }

  /** Whether it goes well as soon as somebody makes what is asked for. */
  get isAwaited(): boolean {
    return this.code === 'session_not_found';
  }

  /** Whether a token, or another one, could help. */
  get isAboutAccess(): boolean {
    return this.code === 'unauthorized' || this.code === 'forbidden';
  }
}

const PASSING = new Set(['storage_full', 'storage_failed', 'server_stopping', 'connection_lost', 'internal_error', 'too_many_requests', 'limit_reached']);

/** Hub refusals come as "… HubException: code: detail"; everything else is a connection that broke. */
export function ofHub(error: unknown): RelayFailure {
  if (error instanceof RelayFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [, code, detail] = /HubException: ([a-z_]+): (.*)$/s.exec(message) ?? [];
  return code ? new RelayFailure(code, detail ?? '') : new RelayFailure('connection_lost', 'The relay does not answer.', { cause: error });
}
