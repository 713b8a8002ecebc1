/** A stage that runs. */
export interface SparkStage {
  id: number;
  /** What the job's author wrote: `collect at job.py:12`; null where the log does not say. */
  what: string | null;
  /** Tasks. */
  done: number;
  total: number;
  /** Tasks that run now; null where the log does not say. */
  running: number | null;
}

/** What a Spark driver's log says of its application. */
export interface SparkState {
  version: string | null;
  application: string | null;
  /** By id. */
  stages: readonly SparkStage[];
}

/** A line without any of these says nothing of Spark's progress. */
const MAYBE = /[Ss]tage |SparkContext: /;

const VERSION = / SparkContext: Running Spark version (\S+)/;
const APPLICATION = / SparkContext: Submitted application: (.+)$/;
const STOPPED = / SparkContext: Successfully stopped SparkContext/;
const SUBMITTING = / DAGScheduler: Submitting (?:Result|ShuffleMap)Stage (\d+) \(\S+ at (.+)\), which has no missing parents/;
const TASKS = / DAGScheduler: Submitting (\d+) missing tasks from (?:Result|ShuffleMap)Stage (\d+) /;
const TASK_DONE = / TaskSetManager: Finished task \S+ in stage (\d+)\.\d+ .*\((\d+)\/(\d+)\)$/;
const OVER = / DAGScheduler: (?:Result|ShuffleMap)Stage (\d+) \(.*\) (?:finished|failed) in /;

/** Spark's console progress bar: `[Stage 3:=====>     (12 + 4) / 200]`, one behind the other where stages run side by side. */
const BAR = /\[Stage (\d+):[=> ]*\((\d+) \+ (\d+)\) \/ (\d+)\]/g;

const BLANK = /^ {20,}$/;

/** Follows a Spark application by what its driver logs, as log4j writes it or as the console's progress bar. */
export class SparkProgress {
  #state: SparkState | null = null;
  readonly #stages = new Map<number, SparkStage>();
  readonly #inBar = new Set<number>();

  /** Null while nothing tells that the log is Spark's. The same object until something changes. */
  get state(): SparkState | null {
    return this.#state;
  }

  /** Takes in a line that may name the application, and looks for nothing else in it. */
  addName(line: string): void {
    const version = VERSION.exec(line)?.[1];
    const application = APPLICATION.exec(line)?.[1];
    if (version) this.#say({ version });
    if (application) this.#say({ application: application.trim() });
  }

  /** Takes in a line, in the order of the log. One that has not ended may come again, longer. */
  add(line: string): void {
    if (this.#inBar.size > 0 && BLANK.test(line)) this.#endBar(); // It clears the row of the bar when its stages are over.
    if (!MAYBE.test(line)) return;
    if (this.#addBar(line)) return;
    this.addName(line);
    let match: RegExpExecArray | null;
    if ((match = SUBMITTING.exec(line))) this.#update(Number(match[1]), { what: match[2]! });
    else if ((match = TASKS.exec(line))) this.#update(Number(match[2]), { total: Number(match[1]) });
    else if ((match = TASK_DONE.exec(line))) this.#update(Number(match[1]), { done: Number(match[2]), total: Number(match[3]) });
    else if ((match = OVER.exec(line))) this.#end(Number(match[1]));
    else if (STOPPED.test(line)) this.forgetStages();
  }

  /** Lines were left out: which stages run is not known any more. */
  forgetStages(): void {
    if (this.#stages.size === 0) return;
    this.#stages.clear();
    this.#inBar.clear();
    this.#say({});
  }

  #addBar(line: string): boolean {
    const bars = [...line.matchAll(BAR)].map(([, id, done, running, total]) => ({ id: Number(id), done: Number(done), running: Number(running), total: Number(total) }));
    if (bars.length === 0) return false;
    for (const id of this.#inBar) if (!bars.some((bar) => bar.id === id)) this.#end(id); // It is shown as long as it runs.
    for (const { id, ...stage } of bars) {
      this.#inBar.add(id);
      if (stage.done < stage.total) this.#update(id, stage);
      else this.#end(id);
    }
    return true;
  }

  #update(id: number, part: Partial<SparkStage>): void {
    this.#stages.set(id, { ...(this.#stages.get(id) ?? { id, what: null, done: 0, total: 0, running: null }), ...part });
    this.#say({});
  }

  #endBar(): void {
    for (const id of [...this.#inBar]) this.#end(id);
  }

  #end(id: number): void {
    this.#inBar.delete(id);
    if (this.#stages.delete(id)) this.#say({});
  }

  #say(part: Partial<SparkState>): void {
    const stages = [...this.#stages.values()].filter((stage) => stage.total > 0).sort((a, b) => a.id - b.id);
    this.#state = { ...(this.#state ?? { version: null, application: null }), ...part, stages };
  }
}
