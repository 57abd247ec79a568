using CircuitLasso.Numerics;
using CircuitLasso.Testing;
using Microsoft.Data.Sqlite;

namespace CircuitLasso.Tests;

public sealed class HostileCircuitFileTests
{
    [Fact]
    public void A_missing_file_is_refused_with_its_name()
    {
        InputException exception = Assert.Throws<InputException>(() => CircuitFile.Read("/nowhere/a.circuit"));
        Assert.Equal("/nowhere/a.circuit: does not exist; give a circuit file (.circuit)", exception.Message);
    }

    [Fact]
    public void A_folder_is_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => CircuitFile.Read(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SQLite format 3")]
    [InlineData("{\"nodes\": []}")]
    public void A_file_that_is_no_database_is_refused(string content)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.PathOf("a"), content);
        Assert.Contains("is not a circuit file", Assert.Throws<InputException>(() => CircuitFile.Read(folder.PathOf("a"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DROP TABLE meta", "has no table 'meta'")]
    [InlineData("DROP TABLE example", "has no table 'example'")]
    [InlineData("UPDATE meta SET value = '2' WHERE key = 'schema_version'", "has schema version 2, and this program reads up to 1; use a newer circuitlasso")]
    [InlineData("UPDATE meta SET value = '0' WHERE key = 'schema_version'", "has no valid schema version")]
    [InlineData("UPDATE meta SET value = 'x' WHERE key = 'schema_version'", "has no whole number as 'schema_version'")]
    [InlineData("DELETE FROM meta", "is a database but not a circuit file")]
    [InlineData("UPDATE meta SET value = 'nobody' WHERE key = 'target'", "the target 'nobody' is not a node")]
    [InlineData("INSERT INTO meta VALUES ('component_layers', '1000000'), ('component_heads', '1000000'), ('component_parallel_blocks', '0'), ('component_width', '1')", "holds no valid circuit")]
    [InlineData("INSERT INTO meta VALUES ('component_layers', '2')", "has no whole number as 'component_heads'")]
    [InlineData("UPDATE node SET kind = 'neuron' WHERE id = 1", "has a node of no known kind, 'neuron'")]
    [InlineData("UPDATE node SET place = -1 WHERE id = 1", "has a place or layer out of range")]
    [InlineData("UPDATE node SET place = 1e300 WHERE id = 1", "should be a whole number and is not")]
    [InlineData("UPDATE node SET layer = 99999999999 WHERE id = 1", "has a place or layer out of range")]
    [InlineData("UPDATE node SET name = x'00ff' WHERE id = 1", "should be text and is not")]
    [InlineData("UPDATE node SET relevance = 9e999 WHERE id = 1", "has a number that is not finite")]
    [InlineData("UPDATE node SET relevance = 'much' WHERE id = 1", "should be a real number and is not")]
    [InlineData("DELETE FROM node", "labels 'embed/7', which is not a node")]
    [InlineData("DELETE FROM node; DELETE FROM label; DELETE FROM edge; DELETE FROM edge_weight; DELETE FROM example; DELETE FROM example_token; DELETE FROM edge_coefficient; DELETE FROM edge_effect", "a circuit has at least one node")]
    [InlineData("DELETE FROM node WHERE name = 'y'", "ends at 'y', which is not a node")]
    [InlineData("UPDATE edge SET source = 'nobody' WHERE id = 1", "starts at 'nobody', which is not a node")]
    [InlineData("UPDATE edge SET source = target, target = source WHERE id = 1", "does not go forward in computation order")]
    [InlineData("UPDATE edge SET target = source WHERE id = 1", "does not go forward in computation order")]
    [InlineData("UPDATE edge SET source = 'embed/7', target = 'resid_post.5/36'", "appears twice")]
    [InlineData("UPDATE edge SET weight = -9e999 WHERE id = 1", "has a number that is not finite")]
    [InlineData("UPDATE edge SET in_circuit = 2 WHERE id = 1", "neither 0 nor 1")]
    [InlineData("UPDATE edge SET stability = 1.5 WHERE id = 1", "is not between 0 and 1")]
    [InlineData("UPDATE edge_weight SET edge = 77", "has a weight of an edge that is not there")]
    [InlineData("UPDATE edge_weight SET lambda = 5", "has two weights at lambda 5")]
    [InlineData("UPDATE edge_coefficient SET edge = 77", "has a coefficient of an edge that is not there")]
    [InlineData("UPDATE edge_coefficient SET coordinate = -1", "at no possible coordinate or output")]
    [InlineData("UPDATE edge_coefficient SET output = 1e300", "should be a whole number and is not")]
    [InlineData("UPDATE edge_coefficient SET value = 9e999", "is not finite, or its coordinate or output below 0")]
    [InlineData("UPDATE edge_coefficient SET coordinate = 3", "has two coefficients at one place")]
    [InlineData("UPDATE edge_effect SET edge = edge + 70", "has the effect of an edge that is not there")]
    [InlineData("UPDATE edge_effect SET effect = 1.5", "has an effect that is not between -1 and 1")]
    [InlineData("UPDATE edge_effect SET rows = 0", "or measured on no row")]
    [InlineData("DROP TABLE edge_effect; CREATE VIEW edge_effect AS SELECT 1 AS edge", "has a 'edge_effect' that is not a plain table")]
    [InlineData("UPDATE label SET node = 'nobody' WHERE node = 'embed/7'", "labels 'nobody', which is not a node")]
    [InlineData("UPDATE example SET node = 'nobody'", "an example names 'nobody'")]
    [InlineData("UPDATE example_token SET example = 99", "has a token of an example that is not there")]
    [InlineData("UPDATE example_token SET value = 9e999", "has a value that is not finite")]
    [InlineData("UPDATE feature_profile SET node = 'nobody' WHERE node = 'embed/7'", "a profile names 'nobody'")]
    [InlineData("UPDATE feature_profile SET active_rows = 2000", "counts more active rows than rows")]
    [InlineData("UPDATE feature_profile SET mean = 9e999", "has a number that is not finite")]
    [InlineData("UPDATE feature_histogram SET upper = lower", "has a bar of its histogram that is none")]
    [InlineData("UPDATE feature_histogram SET node = 'y'", "has a histogram or tokens of 'y', which has no profile")]
    [InlineData("UPDATE feature_token SET promoted = 2", "neither 0 nor 1")]
    [InlineData("UPDATE feature_token SET effect = -9e999", "whose effect is not finite")]
    [InlineData("DROP TABLE feature_token; CREATE VIEW feature_token AS SELECT 1 AS node", "has a 'feature_token' that is not a plain table")]
    [InlineData("UPDATE meta SET value = 'median' WHERE key = 'readout_pooling'", "pooled in no known way, 'median'")]
    [InlineData("UPDATE meta SET value = '2' WHERE key = 'readout_pooling'", "pooled in no known way, '2'")]
    [InlineData("DELETE FROM meta WHERE key = 'readout_mean'", "has no number as 'readout_mean'")]
    [InlineData("UPDATE meta SET value = 'NaN' WHERE key = 'readout_mean'", "has a number that is not finite")]
    [InlineData("UPDATE meta SET value = '0' WHERE key = 'readout_maximum_tokens'", "cuts texts to less than one token")]
    [InlineData("DROP TABLE readout_output", "has another number of outputs than its classes need")]
    [InlineData("UPDATE readout_output SET output = 7 WHERE output = 1", "has outputs of a readout that are not numbered from 0")]
    [InlineData("UPDATE readout_output SET intercept = -9e999", "has a number that is not finite")]
    [InlineData("UPDATE readout_class SET class = -1 WHERE class = 0", "has classes of a readout that are not numbered from 0")]
    [InlineData("UPDATE readout_class SET name = 'no'", "or one twice")]
    [InlineData("UPDATE readout SET part = 'bias'", "is of neither a feature nor an error")]
    [InlineData("UPDATE readout SET coordinate = 1e300", "should be a whole number and is not")]
    [InlineData("UPDATE readout SET coordinate = -1", "has a place or layer out of range")]
    [InlineData("UPDATE readout SET output = 3", "has a coefficient of no place")]
    [InlineData("UPDATE readout SET coefficient = 9e999", "or that is not finite")]
    [InlineData("UPDATE readout SET site = 'embed', part = 'error', coordinate = 1, output = 1", "has a coefficient twice")]
    [InlineData("CREATE TABLE readout_position AS SELECT *, 2 AS position FROM readout; DROP TABLE readout; UPDATE meta SET value = 'none' WHERE key = 'readout_pooling'; UPDATE readout_position SET position = -1", "has a place or layer out of range")]
    [InlineData("CREATE TABLE readout_position AS SELECT *, 2 AS position FROM readout; DROP TABLE readout; UPDATE meta SET value = 'none' WHERE key = 'readout_pooling'; UPDATE readout_position SET position = 0.5", "should be a whole number and is not")]
    [InlineData("CREATE TABLE readout_position AS SELECT *, 2 AS position FROM readout; DROP TABLE readout", "is pooled, and reads single positions")]
    [InlineData("CREATE TABLE readout_position AS SELECT *, 2 AS position FROM readout; UPDATE meta SET value = 'none' WHERE key = 'readout_pooling'", "reads single positions, and not everywhere")]
    [InlineData("DROP TABLE readout; CREATE VIEW readout AS SELECT 1 AS site", "has a 'readout' that is not a plain table")]
    [InlineData("UPDATE metric SET value = 9e999", "is not finite")]
    [InlineData("UPDATE node SET name = char(27) || '[31m' WHERE id = 2", "holds control characters")]
    [InlineData("DROP TABLE metric; CREATE TABLE metric (name TEXT)", "no such column")]
    [InlineData("DROP TABLE metric; CREATE VIEW metric AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT 'a' || i AS name, 1.0 AS value FROM n", "has a 'metric' that is not a plain table")]
    [InlineData("DROP TABLE metric; CREATE TABLE metric (name TEXT, value REAL AS (length(zeroblob(1000000000))))", "has a 'metric' that is not a plain table")]
    [InlineData("DROP TABLE metric; CREATE VIRTUAL TABLE metric USING fts5(name, value)", "has a 'metric' that is not a plain table")]
    [InlineData("PRAGMA foreign_keys = ON; DROP TABLE label; CREATE TABLE label (node TEXT, text TEXT); INSERT INTO label VALUES ('y', 'a'), ('y', 'b')", "has 'y' twice in table 'label'")]
    [InlineData("INSERT INTO provenance VALUES ('', 'x')", "a provenance key is empty")]
    public void What_does_not_hold_is_refused_with_what_is_wrong(string statement, string problem)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        Write(path, statement);
        InputException exception = Assert.Throws<InputException>(() => CircuitFile.Read(path));
        Assert.StartsWith(path + ": ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Huge_text_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        Write(path, "UPDATE example SET text = printf('%.*c', 20000000, 'x')");
        Assert.Contains("is damaged", Assert.Throws<InputException>(() => CircuitFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_beside_the_file_is_not_played_back()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        File.WriteAllBytes(path, CircuitFileWriter.Serialize(SampleCircuits.Features()));
        File.WriteAllBytes(path + "-journal", [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7, .. new byte[600]]);
        File.WriteAllBytes(path + "-wal", new byte[600]);
        CircuitAssert.Same(SampleCircuits.Features(), CircuitFile.Read(path));
        Assert.Equal(3, Directory.GetFiles(folder.Root).Length);
    }

    [Fact]
    public void Extra_tables_and_rows_of_meta_are_passed_over()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        Write(path, "CREATE TABLE note (text TEXT); INSERT INTO note VALUES ('mine'); INSERT INTO meta VALUES ('colour', 'blue')");
        CircuitAssert.Same(SampleCircuits.Features(), CircuitFile.Read(path));
    }

    [Fact]
    public void Truncated_files_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        File.WriteAllBytes(path, CircuitFileWriter.Serialize(SampleCircuits.Features()));
        byte[] bytes = File.ReadAllBytes(path);
        for (int length = 0; length < bytes.Length; length += 331)
        {
            File.WriteAllBytes(path, bytes[..length]);
            Assert.Throws<InputException>(() => CircuitFile.Read(path));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_damage_gives_a_valid_circuit_or_is_refused(int seed)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.circuit");
        byte[] bytes = CircuitFileWriter.Serialize(seed == 1 ? SampleCircuits.Features() : SampleCircuits.Component(2, 2));
        Random random = new(seed);
        int refused = 0;
        for (int trial = 0; trial < 400; trial++)
        {
            byte[] damaged = [.. bytes];
            for (int flip = random.Next(1, 8); flip > 0; flip--)
            {
                // Half of the damage goes where pages begin: headers, pointers and counts.
                int position = random.Next(2) == 0 ? random.Next(damaged.Length) : (4096 * random.Next(damaged.Length / 4096)) + random.Next(120);
                damaged[position] = (byte)random.Next(256);
            }

            File.WriteAllBytes(path, damaged);
            try
            {
                Assert.NotEmpty(CircuitFile.Read(path).Nodes);
            }
            catch (InputException exception)
            {
                Assert.Equal(path, exception.Subject);
                refused++;
            }
        }

        Assert.InRange(refused, 50, 400);
    }

    private static void Write(string path, string statement)
    {
        File.WriteAllBytes(path, CircuitFileWriter.Serialize(SampleCircuits.Features()));
        using SqliteConnection connection = new($"Data Source={path};Pooling=False;Foreign Keys=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are those of this file.
        command.CommandText = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; " + statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
