import { describe, expect, it } from 'vitest';
import { findBlocks } from '../../src/text/stack';

/** The first line, the summary and the last line of each block. */
function folded(log: string): string[][] {
  const lines = log.replace(/^\n/, '').split('\n');
  return findBlocks(lines).map(({ from, to, summaryFrom }) => [lines[from]!, lines[summaryFrom]!, lines[to]!].map((line) => line.trim()));
}

const TRACEBACK = 'Traceback (most recent call last):';

describe('JVM', () => {
  it('folds to its head when there is no cause', () => {
    expect(folded(`
24/01/31 12:00:00 ERROR Executor: Exception in task 0.0 in stage 1.0 (TID 3)
java.lang.NullPointerException
	at org.apache.spark.Foo$$anonfun$1.apply(Foo.scala:12)
	at org.apache.spark.Foo.<init>(Foo.scala:12) ~[spark-core.jar:3.5.0]
	at java.base/java.lang.Thread.run(Thread.java:834)
24/01/31 12:00:00 INFO next`)).toEqual([['java.lang.NullPointerException', 'java.lang.NullPointerException', 'at java.base/java.lang.Thread.run(Thread.java:834)']]);
  });

  it('folds to its head and its deepest cause', () => {
    expect(folded(`
Exception in thread "main" java.lang.RuntimeException: outer
	at a.b.C.m(C.java:1)
	Suppressed: java.io.IOException: on close
		at a.b.D.close(D.java:2)
		... 1 more
Caused by: java.lang.IllegalStateException: middle
	at a.b.C.n(C.java:3)
	... 23 more
Caused by: java.io.IOException: inner
	at a.b.C.o(Native Method)
	... 24 common frames omitted`)).toEqual([
      ['Exception in thread "main" java.lang.RuntimeException: outer', 'Caused by: java.io.IOException: inner', '... 24 common frames omitted'],
    ]);
  });

  it('keeps messages of several lines with their trace', () => {
    expect(folded(`
before
org.apache.spark.sql.AnalysisException: cannot resolve a; line 1 pos 7;
'Project ['a]
+- OneRowRelation

	at a.b.C.m(C.java:1)
	at a.b.C.n(C.java:2)
	at a.b.C.o(C.java:3)
Caused by: a.b.ParseException: 
Syntax error at 'x'

== SQL ==
	at a.b.C.p(C.java:4)
after`)).toEqual([['org.apache.spark.sql.AnalysisException: cannot resolve a; line 1 pos 7;', 'Caused by: a.b.ParseException:', 'at a.b.C.p(C.java:4)']]);
  });

  it('a line above frames is their head, whatever it says', () => {
    expect(folded('24/01/31 WARN Foo: slow, here is why\n\tat a.B.c(D.java:1)\n\tat a.B.c(D.java:2)\n\tat a.B.c(D.java:3)')).toEqual([
      ['24/01/31 WARN Foo: slow, here is why', '24/01/31 WARN Foo: slow, here is why', 'at a.B.c(D.java:3)'],
    ]);
  });

  it('does not take the exception of another message for its head', () => {
    expect(folded('a.b.FirstException: no\n24/01/31 ERROR x\n24/01/31 ERROR dump\n' + '\tat a.B.c(D.java:1)\n'.repeat(3))[0]![0]).toBe('24/01/31 ERROR dump');
  });

  it('keeps a message of several lines with an exception that has no telling name', () => {
    expect(folded('Exception in thread "main" a.b.Boom: one\ntwo\n' + '\tat a.B.c(D.java:1)\n'.repeat(3))[0]![0]).toBe('Exception in thread "main" a.b.Boom: one');
  });

  it('does not take a line with a level for the message of a cause', () => {
    const frames = Array<string>(4).fill('\tat a.B.c(D.java:1)');
    expect(findBlocks(['a.FirstException: no', ...frames, 'Caused by: a.Second', '24/01/31 INFO next', ...frames])).toEqual([
      { from: 0, to: 5, summaryFrom: 5 },
      { from: 6, to: 10, summaryFrom: 6 },
    ]);
  });

  it('does not reach back into the trace before', () => {
    const frames = Array<string>(4).fill('\tat a.B.c(D.java:1)');
    expect(findBlocks(['a.FirstException: no', ...frames, '', ...frames])).toEqual([{ from: 0, to: 4, summaryFrom: 0 }, { from: 6, to: 9, summaryFrom: 6 }]);
  });

  it('two traces are two blocks', () => {
    const trace = (name: string) => `java.lang.${name}Error: x\n` + '\tat a.B.c(D.java:1)\n'.repeat(3);
    expect(findBlocks((trace('A') + trace('B') + '\n' + trace('C')).split('\n'))).toEqual([
      { from: 0, to: 3, summaryFrom: 0 },
      { from: 4, to: 7, summaryFrom: 4 },
      { from: 9, to: 12, summaryFrom: 9 },
    ]);
  });

  it('a trace whose head is not there begins with its first frame', () => {
    expect(findBlocks(Array<string>(4).fill('\tat a.B.c(D.java:1)'))).toEqual([{ from: 0, to: 3, summaryFrom: 0 }]);
  });
});

describe('Python', () => {
  it('folds to its first and its last line', () => {
    expect(folded(`
before
Traceback (most recent call last):
  File "/app/job.py", line 3, in <module>
    main()
    ~~~~^^
  File "/app/job.py", line 2, in main
    raise ValueError("no")
ValueError: no
after`)).toEqual([[TRACEBACK, 'ValueError: no', 'ValueError: no']]);
  });

  it.each(['During handling of the above exception, another exception occurred:', 'The above exception was the direct cause of the following exception:'])(
    'is one with what follows: %s',
    (chain) => {
      const trace = (name: string) => `${TRACEBACK}\n  File "a.py", line 1, in f\n    f()\n${name}`;
      expect(findBlocks(`${trace('KeyError: 1')}\n\n${chain}\n\n${trace('my.app.Failed')}\n\nafter`.split('\n'))).toEqual([{ from: 0, to: 10, summaryFrom: 10 }]);
    },
  );

  it('two tracebacks are two blocks', () => {
    const trace = `${TRACEBACK}\n  File "a.py", line 1, in f\n    f()\n  File "a.py", line 1, in g\nKeyError: 1\n`;
    expect(findBlocks((trace + trace + '\n' + trace).split('\n')).map(({ from, to }) => [from, to])).toEqual([[0, 4], [5, 9], [11, 15]]);
  });

  it('a traceback that is broken off ends with its last frame', () => {
    expect(findBlocks([TRACEBACK, ...Array<string>(4).fill('  File "a.py", line 1, in f'), '24/01/31 INFO next'])).toEqual([{ from: 0, to: 4, summaryFrom: 0 }]);
  });

  it('within the JVM within Python is one block, which ends in what the worker raised', () => {
    expect(folded(`
Traceback (most recent call last):
  File "/app/job.py", line 9, in <module>
    df.show()
py4j.protocol.Py4JJavaError: An error occurred while calling o45.showString.
: org.apache.spark.SparkException: Job aborted due to stage failure: Lost task 0.0 (TID 0): org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/app/job.py", line 7, in <lambda>
    1 / 0
ZeroDivisionError: division by zero

	at org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:545)
	at java.base/java.lang.Thread.run(Thread.java:829)

Driver stacktrace:
	at org.apache.spark.scheduler.DAGScheduler.failJobAndIndependentStages(DAGScheduler.scala:2785)
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/app/job.py", line 7, in <lambda>
    1 / 0
ZeroDivisionError: float division by zero

	at org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException(PythonRunner.scala:545)
	... 1 more

24/01/31 12:00:00 INFO ShutdownHookManager: Shutdown hook called`)).toEqual([[TRACEBACK, 'ZeroDivisionError: float division by zero', '... 1 more']]);
  });
});

describe('.NET and JavaScript', () => {
  it('folds to its head and the innermost exception', () => {
    expect(folded(`
Unhandled exception. System.InvalidOperationException: outer
 ---> System.AggregateException: middle
 ---> System.IO.IOException: inner
   at Ns.Type.Method[T](String s, Int32 i) in /src/Type.cs:line 1
   at Ns.Type.<>c__DisplayClass1_0.<<Run>b__0>d.MoveNext()
--- End of stack trace from previous location ---
   at Ns.Type.Run()
   --- End of inner exception stack trace ---
   at lambda_method(Closure , Object )
after`)).toEqual([['Unhandled exception. System.InvalidOperationException: outer', '---> System.IO.IOException: inner', 'at lambda_method(Closure , Object )']]);
  });

  it('knows the frames of V8', () => {
    expect(folded(`
TypeError: x is not a function
    at foo (/app/x.js:1:2)
    at Object.<anonymous> (/app/x.js:3:1)
    at Foo.bar [as baz] (node:internal/x:1:2)
    at async Promise.all (index 0)
    at new Foo (file:///app/x.js:5:6)
    at /app/y.js:7:8
after`)).toEqual([['TypeError: x is not a function', 'TypeError: x is not a function', 'at /app/y.js:7:8']]);
  });
});

it.each([
  'java.lang.Error: x\n\tat a.B.c(D.java:1)\n\tat a.B.c(D.java:2)',
  `${TRACEBACK}\n  File "a.py", line 1, in <module>\n    f()\nValueError: no`,
  'we meet\n  at the station\n  at noon\n  at last\n  at home',
  '',
])('%j is not worth folding', (log) => {
  expect(folded(log)).toEqual([]);
});
