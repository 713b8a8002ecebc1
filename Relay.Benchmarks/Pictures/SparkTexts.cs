namespace Relay.Benchmarks.Pictures;

/// <summary>What the jobs in the pictures print: always the same.</summary>
internal static class SparkTexts
{
    private const int Tasks = 480;
    private const double FirstTaskSeconds = (8 * 3600) + (12 * 60) + 18;
    private const double SecondsOfTask = 2.4;

    public const string Start =
        """
        26/01/31 08:12:01 INFO SparkContext: Running Spark version 3.5.1
        26/01/31 08:12:01 INFO SparkContext: Submitted application: timetable-delays
        26/01/31 08:12:02 INFO Utils: Successfully started service 'SparkUI' on port 4040.
        26/01/31 08:12:02 WARN NativeCodeLoader: Unable to load native-hadoop library for your platform... using builtin-java classes where applicable
        26/01/31 08:12:04 INFO YarnClientSchedulerBackend: SchedulerBackend is ready for scheduling beginning after reached minRegisteredResourcesRatio: 0.8
        26/01/31 08:12:09 INFO FileSourceStrategy: Pushed Filters: IsNotNull(station),GreaterThanOrEqual(departure,2026-01-24)
        26/01/31 08:12:10 INFO DAGScheduler: Submitting 480 missing tasks from ShuffleMapStage 17

        """;

    public const string Table =
        """
        +----------------+----------+-----------+
        |station         |departures|mean delay |
        +----------------+----------+-----------+
        |Zürich HB       |     21480|   1.8 min |
        |Tōkyō           |     19877|   0.4 min |
        |Kraków Główny   |      8112|   4.1 min |
        |São Paulo Luz   |      6930|   6.7 min |
        +----------------+----------+-----------+

        """;

    public const string LostTask =
        """
        26/01/31 08:25:33 WARN TaskSetManager: Lost task 311.0 in stage 17.0 (TID 2871) (10.0.3.17 executor 4): java.io.IOException: Failed to connect to /10.0.3.22:7337
        	at org.apache.spark.network.client.TransportClientFactory.createClient(TransportClientFactory.java:288)
        	at org.apache.spark.network.shuffle.ExternalBlockStoreClient.lambda$fetchBlocks$0(ExternalBlockStoreClient.java:119)
        	at org.apache.spark.network.shuffle.RetryingBlockTransferor.transferAllOutstanding(RetryingBlockTransferor.java:173)
        	at org.apache.spark.storage.ShuffleBlockFetcherIterator.sendRequest(ShuffleBlockFetcherIterator.scala:335)
        	at org.apache.spark.executor.Executor$TaskRunner.run(Executor.scala:623)
        	at java.base/java.lang.Thread.run(Thread.java:840)
        Caused by: io.netty.channel.AbstractChannel$AnnotatedConnectException: Connection refused: /10.0.3.22:7337
        Caused by: java.net.ConnectException: Connection refused
        	at java.base/sun.nio.ch.Net.pollConnect(Native Method)
        	at io.netty.channel.nio.NioEventLoop.run(NioEventLoop.java:562)
        	... 1 more
        26/01/31 08:25:33 INFO TaskSetManager: Starting task 311.1 in stage 17.0 (TID 3041) (10.0.3.18, executor 5, partition 311, NODE_LOCAL, 7891 bytes)

        """;

    public const string Failure =
        """
        26/01/31 06:55:12 ERROR ApplicationMaster: User application exited with status 3
        Traceback (most recent call last):
          File "/opt/jobs/revenue_report.py", line 88, in <module>
            report.write.mode("errorifexists").parquet(target)
        pyspark.errors.exceptions.captured.AnalysisException: [PATH_ALREADY_EXISTS] Path s3a://reports/2026-W05 already exists.

        """;

    public const string LastError = "26/01/31 08:25:38 ERROR BlockManagerMaster: Executor 4 did not answer for 120 s, its blocks are computed again\n";

    public static string Progress { get; } = $"\r[Stage 17:{new string('=', 35)}>{new string(' ', 14)}(337 + 8) / {Tasks}]";

    /// <summary>So many tasks that finished, from one of a number on.</summary>
    public static string Finished(int first, int count) => string.Concat(Enumerable.Range(first, count).Select(Line));

    private static string Line(int task)
    {
        var time = TimeSpan.FromSeconds(FirstTaskSeconds + (SecondsOfTask * task));
        return $"26/01/31 {time:hh\\:mm\\:ss} INFO TaskSetManager: Finished task {task % Tasks}.0 in stage 17.0 (TID {2560 + task}) in {20 + (task * 37 % 900)} ms on 10.0.3.{17 + (task % 4)} (executor {4 + (task % 4)}) ({(task % Tasks) + 1}/{Tasks})\n";
    }
}
