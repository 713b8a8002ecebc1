using System.Text;
using FluentAssertions;
using Relay.Redaction;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Redaction;

/// <summary>The rules that come with the product: what they mask, and what they leave alone.</summary>
public sealed class BuiltInRulesTests
{
    public static TheoryData<string> Names => [.. BuiltInRules.All.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_masks_its_example_and_not_its_counter_example(string name)
    {
        var rule = BuiltInRules.All.Single(rule => rule.Name == name);

        MaskedText.Of(MaskedText.BuiltIn, rule.Example).Should().Contain($"[redacted:{name}]");
        MaskedText.Of(MaskedText.BuiltIn, rule.CounterExample).Should().Be(rule.CounterExample);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_begins_with_texts_that_can_be_looked_for(string name)
    {
        var rule = BuiltInRules.Definitions.Single(rule => rule.Name == name);

        Relay.Redaction.Patterns.Beginnings.Of(rule.Pattern).Should().NotBeEmpty("all log text is searched for them");
    }

    [Theory]
    [InlineData("jdbc:mysql://db:3306/x?user=a&password=s3cret&useSSL=false", "jdbc:mysql://db:3306/x?user=a&password=[redacted:password]&useSSL=false")]
    [InlineData("jdbc:sqlserver://db;user=a;password=s3cret;encrypt=true", "jdbc:sqlserver://db;user=a;password=[redacted:password];encrypt=true")]
    [InlineData("PWD=s3cret;", "PWD=[redacted:password];")]
    [InlineData("passwd='two words' next", "passwd='[redacted:password]' next")]
    [InlineData("{\"user\":\"a\",\"password\": \"s3 cret\",\"x\":1}", "{\"user\":\"a\",\"password\": \"[redacted:password]\",\"x\":1}")]
    [InlineData("{\\\"password\\\":\\\"s3cret\\\",", "{\\\"password\\\":\\\"[redacted:password]\\\",")]
    [InlineData("spark.ssl.keyPassword=changeit", "spark.ssl.keyPassword=[redacted:password]")]
    [InlineData("db.password = s3cret", "db.password = [redacted:password]")]
    [InlineData("https://etl:p@ss@host:8443/x?a=b", "https://etl:[redacted:url-password]@host:8443/x?a=b")]
    [InlineData("mongodb+srv://u:pw@c0.example.net/db", "mongodb+srv://u:[redacted:url-password]@c0.example.net/db")]
    [InlineData("authorization: basic ZXRsOmh1bnRlcjI=", "authorization: basic [redacted:bearer-token]")]
    [InlineData("{\"Authorization\":\"Bearer abcdefgh12345678\"}", "{\"Authorization\":\"Bearer [redacted:bearer-token]\"}")]
    [InlineData("curl -H 'X: Bearer abcdefghijklmnopqrstuvwx'", "curl -H 'X: Bearer [redacted:bearer-token]'")]
    [InlineData("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SECRET_ACCESS_KEY=[redacted:aws-secret-key]")]
    [InlineData("(spark.hadoop.fs.s3a.secret.key,minio123)", "(spark.hadoop.fs.s3a.secret.key,[redacted:aws-secret-key])")]
    [InlineData("--conf spark.hadoop.fs.s3a.bucket.logs.secret.key=minio123 x", "--conf spark.hadoop.fs.s3a.bucket.logs.secret.key=[redacted:aws-secret-key] x")]
    [InlineData("jdbc:oracle:thin:scott/tiger@db:1521:orcl", "jdbc:oracle:thin:scott/[redacted:jdbc-password]@db:1521:orcl")]
    [InlineData("A ghp_16C7e42F292c6912E7710c838347Ae178B4a, and github_pat_11ABCDEFG0abcdefghijkl_xyz.", "A [redacted:github-token], and [redacted:github-token].")]
    [InlineData(@"{""password"":""abc\u002Bdefghij"",""x"":1}", @"{""password"":""[redacted:password]"",""x"":1}")]
    [InlineData(@"{""password"":""ab\""cdefgh"",""x"":1}", @"{""password"":""[redacted:password]"",""x"":1}")]
    [InlineData(@"{""password"":""abc\\def"",""x"":""y""}", @"{""password"":""[redacted:password]"",""x"":""y""}")]
    [InlineData(@"{""password"":""abc\\"",""x"":""y""}", @"{""password"":""[redacted:password]"",""x"":""y""}")]
    [InlineData(@"{""password"" : ""\u0026hunter2""}", @"{""password"" : ""[redacted:password]""}")]
    [InlineData(@"""{\""password\"":\""a\\u0026b\\\""c\\\\d\"",\""x\"":1}""", @"""{\""password\"":\""[redacted:password]\"",\""x\"":1}""")]
    [InlineData(@"\\\""password\\\"":\\\""hunter2\\\"",", @"\\\""password\\\"":\\\""[redacted:password]\\\"",")]
    [InlineData("{'password': 'hunter2', 'x': 'y'}", "{'password': '[redacted:password]', 'x': 'y'}")]
    [InlineData("{'password': b'hunt\\'er2'}", "{'password': b'[redacted:password]'}")]
    [InlineData("password    = hunter2 x", "password    = [redacted:password] x")]
    [InlineData("password= hunter2 x", "password= [redacted:password] x")]
    [InlineData("password =hunter2 x", "password =[redacted:password] x")]
    [InlineData("password\t=\t'hunter2' x", "password\t=\t'[redacted:password]' x")]
    [InlineData(":password => 'hunter2'", ":password => '[redacted:password]'")]
    [InlineData("password=abc(def)", "password=[redacted:password]")]
    [InlineData("ya29.c.b0Aaekm1K-abcdefgh_ijklm.nop.", "[redacted:google-api-key].")]
    [InlineData(@"{""SecretAccessKey"":""wJalrXUtnFEMI/K7MDENG\u002BbPxRfiCYEXAMPLEKEY"",", @"{""SecretAccessKey"":""[redacted:aws-secret-key]"",")]
    [InlineData(@"{""SessionToken"": ""IQoJb3JpZ2luX2VjEJr//+abcd=="",", @"{""SessionToken"": ""[redacted:aws-secret-key]"",")]
    [InlineData("aws_session_token=IQoJb3JpZ2luX2VjEJrabcdefgh/+ij==", "aws_session_token=[redacted:aws-secret-key]")]
    [InlineData("AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjEJrabcdefgh/+ij x", "AWS_SESSION_TOKEN=[redacted:aws-secret-key] x")]
    [InlineData("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6\\u002BIFsuFq2UVErCz==;x", "AccountKey=[redacted:azure-storage-key];x")]
    [InlineData("fs.azure.account.key.my-logs.dfs.core.windows.net=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6", "fs.azure.account.key.my-logs.dfs.core.windows.net=[redacted:azure-storage-key]")]
    [InlineData("eyJhbGciOiJkaXIifQ..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4.XFBoMYUZodetZdvTiFvSkQ,", "[redacted:jwt],")]
    [InlineData("GET /x?access_token=abcd1234&y=1", "GET /x?access_token=[redacted:api-key]&y=1")]
    [InlineData("{\"client_secret\": \"Zm9v~mFyYmF6\"}", "{\"client_secret\": \"[redacted:api-key]\"}")]
    [InlineData("api_key = 12345678 apikey='abcd/efgh12' X-Api-Key=abcdefgh", "api_key = [redacted:api-key] apikey='[redacted:api-key]' X-Api-Key=[redacted:api-key]")]
    [InlineData("jdbc:sqlserver://db:1433;user=me@corp;password=x@y;", "jdbc:sqlserver://db:1433;user=me@corp;password=[redacted:password];")]
    [InlineData("amqp://u:12,3;4@h", "amqp://u:[redacted:url-password]@h")]
    public void The_secret_is_masked_and_what_stands_around_it_is_not(string text, string masked)
    {
        MaskedText.Of(MaskedText.BuiltIn, text).Should().Be(masked);
    }

    [Theory]
    [InlineData("x\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcw\n-----END PRIVATE KEY-----\ny", "x\n[redacted:private-key]\ny")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3BlbnNzaC1rZXktdjEAAAAA\r\n26/01/31 INFO next", "[redacted:private-key]\r\n26/01/31 INFO next")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0F\n\nMIIEvQIBADANBgkqhkiG9w0B\n=\n-----END RSA PRIVATE KEY-----.", "[redacted:private-key].")]
    [InlineData("{\"private_key\": \"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0B\\nabc=\\n-----END PRIVATE KEY-----\\n\"}", "{\"private_key\": \"[redacted:private-key]\\n\"}")]
    public void A_private_key_is_masked_to_its_end_or_as_far_as_it_goes(string text, string masked)
    {
        MaskedText.Of(MaskedText.BuiltIn, text).Should().Be(masked);
    }

    [Theory]
    [InlineData("26/01/31 09:00:00 INFO SparkContext: Running Spark version 3.5.1")]
    [InlineData("/opt/spark/jars/hadoop-aws-3.3.4.jar:/usr/lib/x86_64-linux-gnu:PWD=/home/etl OLDPWD=/")]
    [InlineData("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 5d41402abc4b2a76b9719d911017c592")]
    [InlineData("id 123e4567-e89b-12d3-a456-426614174000 took 5 ms")]
    [InlineData("password: changed. Enter password: Password is required; passwords differ")]
    [InlineData("spark://CoarseGrainedScheduler@10.0.0.7:41233 akka.tcp://sparkDriver@host:7077 http://host:8080/a?b=c@d user@host")]
    [InlineData("hdfs://nn:8020/user/etl s3a://bucket/key?versionId=3 PLAINTEXT://broker-1:9092,PLAINTEXT://broker-2:9092")]
    [InlineData("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")]
    [InlineData("Authorization failed: Bearer token expired. authorization=simple, Basic statistics")]
    [InlineData("spark.hadoop.fs.s3a.secret.key=*********(redacted) spark.ssl.keyPassword=*********(redacted)")]
    [InlineData("if (password == null) { throw new IllegalArgumentException(\"password\"); }")]
    [InlineData("eyJub3QiOiJhIGp3dCJ9 and design sig=4 &sig=short AKIAshortandlower")]
    [InlineData("kafka://broker1:9092,broker2:9092;user=me@corp kafka://b:9092;sasl.user=me@corp")]
    [InlineData("password=")]
    [InlineData("password= ; password =\t; password ==x, password=\"\" password='' {\"password\":\"\",\"x\":1} {'password': ''} {\\\"password\\\":\\\"\\\"}")]
    [InlineData("password = getpass() and password=getpass.getpass(\"Enter: \"), api_key = os.environ.get('API_KEY')")]
    [InlineData("{\"password\":null,\"password\":true} {'password': None} Password is 8 = too short; password>=8")]
    [InlineData("access_token=short client_secret= x api_key: missing or wrong, apikey is required, \"api_key\":\"none\"")]
    [InlineData("SessionToken: expired; session_token=null secretAccessKey is missing, the AWS_SESSION_TOKEN variable org.example.SessionTokenAuthenticator")]
    [InlineData("waiting.. eyJhbGciOiJkaXIifQ..short ya29.c.short")]
    public void Ordinary_log_text_is_left_alone(string text)
    {
        MaskedText.Of(MaskedText.BuiltIn, text + "\n").Should().Be(text + "\n");
    }

    [Fact]
    public async Task What_a_Spark_driver_prints_is_left_alone()
    {
        await using var job = await ChildProcess.Run(new ChildCommand("bash", Repository.PathOf("examples", "spark-like-job.sh"), "1"));

        job.StdoutText.Should().NotBeEmpty(job.Describe());
        foreach (var text in new[] { Encoding.Latin1.GetString(job.Stdout), Encoding.Latin1.GetString(job.Stderr) })
        {
            MaskedText.Of(MaskedText.BuiltIn, text).Should().Be(text);
        }
    }
}
