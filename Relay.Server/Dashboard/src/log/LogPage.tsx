import { useEffect, useRef, useState } from 'preact/hooks';
import type { Output } from '../api/contract';
import { ConnectionBadge } from '../ui/ConnectionBadge';
import { Refusal } from '../ui/Refusal';
import { Shell } from '../ui/Shell';
import { useShortcuts } from '../ui/shortcuts';
import { Banners, REPLACED } from './Banners';
import { LogController, type LogState } from './controller';
import { FindBar } from './FindBar';
import './log.css';
import { SelectionBar } from './SelectionBar';
import { useSettings, type Settings } from './settings';
import { SparkHeader } from './SparkHeader';
import { STAMPS } from './stamps';
import { StatusLine } from './StatusLine';
import { Toolbar } from './Toolbar';

const ROW_HEIGHT = 20;
const ERROR = 5;

/** The log of one session. */
export function LogPage({ session }: { session: string }) {
  const [settings, change] = useSettings();
  const [log, state] = useLog(session, settings);
  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    log?.attach(scroller.current!, ROW_HEIGHT);
  }, [log]);
  useEffect(() => log?.restyle(settings), [log, settings]);
  const [finding, openFind] = useState({ times: 0, isTyping: true }); // How often the bar was opened; 0: it is closed.
  const open = (isTyping = true) => openFind(({ times }) => ({ times: times + 1, isTyping }));
  const closeFind = () => {
    log?.filter(null);
    log?.find(null);
    openFind({ times: 0, isTyping: true });
    scroller.current?.focus();
  };
  useLogKeys(log, settings, change, scroller);
  useFindKeys(log, open);
  if (!log || !state) return <Shell title={session} heading={session}>{null}</Shell>;
  const refused = state.link.kind === 'refused' && state.link.failure.code !== REPLACED ? state.link.failure : null;
  return (
    <Shell title={session} heading={session} actions={<ConnectionBadge state={state.link} onRetry={log.again} done="Ended" />}>
      <div class="log-page">
        <Toolbar session={session} state={state} settings={settings} onChange={change} onLook={(view) => log.look(view)} onFind={() => open()} />
        {state.spark && !state.end && <SparkHeader spark={state.spark} />}
        {finding.times > 0 && <FindBar key={finding.times} state={state} log={log} takesFocus={finding.isTyping} onClose={closeFind} />}
        {refused ? <Refusal failure={refused} session={session} onToken={log.again} /> : <Banners state={state} />}
        <div
          ref={scroller}
          class={`log${settings.wrap ? ' is-wrapped' : ''}`}
          role="log"
          aria-label={`Log of ${session}`}
          aria-live="off"
          tabIndex={0}
          onClick={(event) => press(event, log)}
        />
        <StatusLine state={state} onFollow={log.follow} />
        {state.selection && <SelectionBar range={state.selection} log={log} onClose={() => scroller.current?.focus()} />}
      </div>
    </Shell>
  );
}

/** A controller for as long as the page stands. */
function useLog(session: string, settings: Settings): [LogController | null, LogState | null] {
  const [log, keep] = useState<LogController | null>(null);
  const [state, show] = useState<LogState | null>(null);
  useEffect(() => {
    const controller = new LogController(session, settings, show);
    keep(controller);
    show(controller.state);
    addEventListener('hashchange', controller.goToHash);
    return () => {
      removeEventListener('hashchange', controller.goToHash);
      controller.close();
    };
  }, [session]);
  return [log, state];
}

/** A click on a line's number points at it, with Shift at all up to it; one on a button shows more of a line, or of a stack trace. */
function press(event: MouseEvent, log: LogController): void {
  const target = event.target instanceof Element ? event.target : null;
  const number = target?.closest<HTMLElement>('[data-link]')?.dataset['link'];
  const asked = target?.closest<HTMLElement>('[data-whole], [data-json], [data-fold]');
  if (number !== undefined) {
    event.preventDefault();
    const [line, selection] = [Number(number), log.state.selection];
    const isOnly = selection?.from === line && selection.to === line;
    log.select(event.shiftKey && selection ? { from: Math.min(selection.from, line), to: Math.max(selection.to, line) } : isOnly ? null : { from: line, to: line });
  } else if (asked) {
    const { whole, json, fold } = asked.dataset;
    const [output, offset, length, shown] = (whole ?? json ?? '').split(':').map(Number) as [Output, number, number, number];
    if (whole) void log.showWhole(output, offset, length, shown);
    if (json) log.setOut(output, offset);
    if (fold) log.fold(Number(fold));
  }
}

function useFindKeys(log: LogController | null, open: (isTyping?: boolean) => void): void {
  const error = (direction: 1 | -1) => {
    if (log?.state.find?.query.minLevel !== ERROR) log?.find({ text: '', isRegex: false, matchCase: false, minLevel: ERROR });
    open(false); // The next key is the next error.
    log?.goToMatch(direction);
  };
  useShortcuts('Find', [
    { keys: ['/', 'Mod+f'], what: 'find in the whole log', run: () => open() },
    { keys: ['n'], what: 'next match', run: () => log?.goToMatch(1) },
    { keys: ['N'], what: 'previous match', run: () => log?.goToMatch(-1) },
    { keys: ['m'], what: 'only matches, or all lines', run: () => log?.state.find && log.filter(log.state.filter === null ? 0 : null) },
    { keys: ['e'], what: 'find errors; the next one', run: () => error(1) },
    { keys: ['E'], what: 'find errors; the one before', run: () => error(-1) },
  ]);
}

function useLogKeys(log: LogController | null, settings: Settings, change: (part: Partial<Settings>) => void, scroller: { current: HTMLElement | null }): void {
  const scroll = (views: number) => scroller.current?.scrollBy({ top: views * scroller.current.clientHeight });
  useShortcuts('Log', [
    { keys: ['G', 'End'], what: 'go to the end and follow', run: () => log?.follow() },
    { keys: ['g', 'Home'], what: 'go to the begin', run: () => log?.toStart() },
    { keys: ['j', 'ArrowDown'], what: 'down a line', run: () => scroller.current?.scrollBy({ top: ROW_HEIGHT }) },
    { keys: ['k', 'ArrowUp'], what: 'up a line', run: () => scroller.current?.scrollBy({ top: -ROW_HEIGHT }) },
    { keys: ['PageDown', ' '], what: 'down a page', run: () => scroll(0.9) },
    { keys: ['PageUp', 'Shift+ '], what: 'up a page', run: () => scroll(-0.9) },
    { keys: ['w'], what: 'wrap long lines', run: () => change({ wrap: !settings.wrap }) },
    { keys: ['t'], what: 'times: off, local, UTC, relative', run: () => change({ stamps: STAMPS[(STAMPS.indexOf(settings.stamps) + 1) % STAMPS.length]! }) },
    { keys: ['l'], what: 'line numbers', run: () => change({ numbers: !settings.numbers }) },
    { keys: ['f'], what: 'fold stack traces', run: () => change({ folds: !settings.folds }) },
    { keys: ['1'], what: 'stdout and stderr', run: () => log?.look('both') },
    { keys: ['2'], what: 'only stdout', run: () => log?.look(1) },
    { keys: ['3'], what: 'only stderr', run: () => log?.look(2) },
    { keys: ['Escape'], what: 'point at no line', run: () => log?.select(null) },
  ]);
}
