import { describe, expect, it } from 'vitest';
import { SparkProgress } from '../../src/text/spark';

const at = '24/01/31 12:00:00 INFO ';

function after(...lines: string[]) {
  const spark = new SparkProgress();
  for (const line of lines) spark.add(line);
  return spark.state;
}

const BEGIN = [
  `${at}SparkContext: Running Spark version 3.5.1`,
  `${at}SparkContext: Submitted application: nightly sales`,
  `${at}DAGScheduler: Submitting ResultStage 3 (PythonRDD[6] at collect at job.py:12), which has no missing parents`,
  `${at}DAGScheduler: Submitting 200 missing tasks from ResultStage 3 (PythonRDD[6] at collect at job.py:12) (first 15 tasks are for partitions Vector(0, 1, 2))`,
];

describe('SparkProgress', () => {
  it('knows an application and its stages by what the driver logs', () => {
    expect(after(...BEGIN, `${at}TaskSetManager: Finished task 12.0 in stage 3.0 (TID 15) in 123 ms on 10.0.0.7 (executor 1) (13/200)`)).toEqual({
      version: '3.5.1',
      application: 'nightly sales',
      stages: [{ id: 3, what: 'collect at job.py:12', done: 13, total: 200, running: null }],
    });
  });

  it('forgets a stage that finished or failed', () => {
    expect(after(...BEGIN, `${at}DAGScheduler: ResultStage 3 (collect at job.py:12) finished in 2.345 s`)?.stages).toEqual([]);
    expect(after(...BEGIN, `${at}DAGScheduler: ResultStage 3 (collect at job.py:12) failed in 2.345 s due to Job aborted`)?.stages).toEqual([]);
    expect(after(...BEGIN, `${at}SparkContext: Successfully stopped SparkContext`)).toMatchObject({ version: '3.5.1', stages: [] });
  });

  it('reads the progress bar, and the stages that run side by side', () => {
    const bar = '[Stage 1:=====>      (3 + 4) / 8][Stage 2:>     (0 + 0) / 16]';
    expect(after(bar)?.stages).toEqual([
      { id: 1, what: null, done: 3, total: 8, running: 4 },
      { id: 2, what: null, done: 0, total: 16, running: 0 },
    ]);
    expect(after(bar, '[Stage 2:=>     (1 + 4) / 16]')?.stages.map(({ id, done }) => [id, done])).toEqual([[2, 1]]);
    expect(after(bar, ' '.repeat(80))?.stages).toEqual([]);
    expect(after('[Stage 0:>      (0 + 1) / 1]', '[Stage 0:======>(1 + 0) / 1]')?.stages).toEqual([]);
  });

  it('takes nothing else for Spark', () => {
    expect(after('Stage 1 of 3: building', 'a stage 3.0 of nothing (1/2)', 'SparkContext: ', '[Stage x:=> (1 + 1) / 2]', `${at}Other: Running Spark version 3`)).toBeNull();
  });
});
