import type { SparkStage, SparkState } from '../text/spark';
import { count } from '../ui/format';

const MOST_STAGES = 3;

/** The application that a Spark driver's log is of, and how far its stages are. */
export function SparkHeader({ spark: { version, application, stages } }: { spark: SparkState }) {
  return (
    <div class="spark" role="group" aria-label="Spark application">
      <span class="spark-name">
        {application && <b>{application}</b>} Spark {version}
      </span>
      {stages.slice(0, MOST_STAGES).map((stage) => (
        <Stage key={stage.id} stage={stage} />
      ))}
      {stages.length > MOST_STAGES && <span>and {stages.length - MOST_STAGES} more stages</span>}
    </div>
  );
}

function Stage({ stage: { id, what, done, total, running } }: { stage: SparkStage }) {
  return (
    <span class="spark-stage" title={what ?? undefined}>
      Stage {id}
      {what && <span class="spark-what">{what}</span>}
      <progress aria-label={`Tasks of stage ${id}`} max={total} value={done} />
      {count(done)} / {count(total)}
      {running !== null && <span class="spark-running">{count(running)} running</span>}
    </span>
  );
}
