import type { OutputStatus } from '../api/contract';
import { pageOf } from '../api/rest';
import { bytes, compactCount, count } from '../ui/format';
import { Icon } from '../ui/Icon';
import { memo } from '../ui/memo';
import { keepInHistory, navigate } from '../ui/router';
import { Age, Duration } from '../ui/Time';
import type { Row } from './list';
import { Sparkline } from './Sparkline';
import { spanOf, warningOf, writersOf } from './state';
import { StateMark } from './StateMark';
import { labelsOf } from './view';

const SHOWN_LABELS = 2;
const LONGEST_RUN = 10;

interface SessionRowProps {
  row: Row;
  isCursor: boolean;
  onLabel: (label: string) => void;
  onRemove: (row: Row) => void;
}

export const SessionRow = memo(function SessionRow({ row, isCursor, onLabel, onRemove }: SessionRowProps) {
  const { id, status, state } = row;
  const isGone = state === 'expired';
  const span = spanOf(status, state);
  const open = (event: MouseEvent) => {
    if (isGone || (event.target as Element).closest('a, button') || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(pageOf(id));
    else {
      keepInHistory({ cursor: id });
      navigate(pageOf(id));
    }
  };
  return (
    <tr data-id={id} class={`session-row is-${state} ${isCursor ? 'is-cursor' : ''}`} onClick={open}>
      <td class="c-state">
        <StateMark state={state} exitCode={isGone ? null : status.exitCode} />
      </td>
      <th scope="row" class="c-id">
        {isGone ? (
          <span class="session-link" tabIndex={-1} title={id}>
            {id}
          </span>
        ) : (
          <a class="session-link" href={pageOf(id)} title={id} onClick={() => keepInHistory({ cursor: id })}>
            {id}
          </a>
        )}
        <Warning text={warningOf(status)} />
      </th>
      <td class="c-labels">
        <Labels labels={labelsOf(row)} onLabel={onLabel} />
      </td>
      <td class="c-started num">
        <Age at={status.createdAt} />
      </td>
      <td class="c-duration num">{span && <Duration {...span} />}</td>
      <OutputCell name="stdout" output={status.stdout} />
      <OutputCell name="stderr" output={status.stderr} />
      <td class="c-rate num">{!isGone && <Sparkline rate={row.rate} isLive={state === 'live'} />}</td>
      <td class="c-writer">
        <Writers runs={isGone ? [] : writersOf(status)} />
      </td>
      <td class={`c-readers num ${status.readers === 0 ? 'is-none' : ''}`} data-name="readers">
        {isGone ? '' : count(status.readers)}
      </td>
      <td class="c-act">
        <button type="button" class="icon-button" title={isGone ? 'Take it off the list' : 'Delete (d)'} aria-label={`${isGone ? 'Take off the list:' : 'Delete'} ${id}`} onClick={() => onRemove(row)}>
          <Icon name={isGone ? 'close' : 'trash'} />
        </button>
      </td>
    </tr>
  );
});

function OutputCell({ name, output }: { name: string; output: OutputStatus }) {
  const isNone = output.bytes === 0;
  return (
    <td class={`c-out num ${isNone ? 'is-none' : ''}`} data-name={name} title={isNone ? `no ${name}` : `${name}: ${count(output.bytes)} bytes, ${count(output.lines)} lines`}>
      {isNone ? (
        '–'
      ) : (
        <>
          <span class="size">{bytes(output.bytes)}</span>
          <span class="lines">
            {compactCount(output.lines)}
            <span class="unseen"> lines</span>
          </span>
        </>
      )}
    </td>
  );
}

function Labels({ labels, onLabel }: { labels: readonly string[]; onLabel: (label: string) => void }) {
  const more = labels.slice(SHOWN_LABELS);
  return (
    <span class="session-labels">
      {labels.slice(0, SHOWN_LABELS).map((label) => (
        <button key={label} type="button" class="chip" title={`${label}: only sessions with this label`} onClick={() => onLabel(label)}>
          <span class="chip-text">{label}</span>
        </button>
      ))}
      {more.length > 0 && (
        <span class="session-labels-more" title={more.join('\n')}>
          +{more.length}
        </span>
      )}
    </span>
  );
}

function Warning({ text }: { text: string | null }) {
  if (!text) return null;
  return (
    <span class="session-warning" title={text}>
      <Icon name="warning" />
      <span>{text}</span>
    </span>
  );
}

function Writers({ runs }: { runs: readonly string[] }) {
  const [first, ...others] = runs;
  if (first === undefined) return <span class="is-none">–</span>;
  return (
    <code title={runs.join('\n')}>
      {first.length > LONGEST_RUN ? `${first.slice(0, LONGEST_RUN - 1)}…` : first}
      {others.length > 0 && ` +${others.length}`}
    </code>
  );
}
