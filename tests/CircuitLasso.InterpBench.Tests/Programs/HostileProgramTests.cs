using System.Text;
using CircuitLasso.Numerics;

using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>What a wrong or damaged program file leads to: one line that says what is wrong, and nothing else.</summary>
public sealed class HostileProgramTests
{
    private const string Sound = """
        {
          "id": "small", "input_vocab": ["a", "b"], "tokens_per_sequence": 3, "n_ctx": 4, "attention": "causal",
          "program": { "nodes": [
            { "id": "tokens", "op": "tokens" }, { "id": "indices", "op": "indices" },
            { "id": "is_a", "op": "map", "inputs": ["tokens"], "table": [["a", 1], ["b", 0]], "encoding": "numerical" },
            { "id": "so_far", "op": "select", "inputs": ["indices", "indices"], "predicate": "key <= query" },
            { "id": "share", "op": "aggregate", "inputs": ["so_far", "is_a"], "default": 0 },
            { "id": "same", "op": "select", "inputs": ["tokens", "tokens"], "true_pairs_key_query": [["a", "a"], ["b", "b"]] },
            { "id": "width", "op": "selector_width", "inputs": ["same"] },
            { "id": "number", "op": "map", "inputs": ["width"], "table": [[0, 0], [1, 1], [2, 2], [3, 3]], "encoding": "numerical" },
            { "id": "sum", "op": "linear", "inputs": ["share", "number"], "coefficients": [1, -1] } ],
            "output": "sum" }
        }
        """;

    [Fact]
    public void The_small_program_is_sound_before_it_is_damaged()
    {
        KnownProgram program = ProgramFixtures.Parse(Sound);
        float[] numbers = new float[4];
        new ProgramInterpreter(program).Run([2, 0, 1, 0], numbers);

        // Shares of a: 1, 1/2, 2/3; occurrences of the token so far: 1, 1, 2.
        Assert.Equal([0f, 0f, 0.5f - 1, (float)((2.0 / 3) - 2)], numbers);

        // One step from the inputs: the head and MLP of width, and is_a in that MLP; two steps: share and number; three: sum.
        Assert.Equal(["a0.h0", "m0", "a1.h0", "m1", "m2"], program.Layout.Select(component => component.Component));
    }

    [Theory]
    [InlineData("[\"so_far\", \"is_a\"]", "[\"so_far\", \"sum\"]", "node 'share' is part of a cycle")]
    [InlineData("[\"so_far\", \"is_a\"]", "[\"so_far\", \"share\"]", "node 'share' is part of a cycle")]
    [InlineData("\"op\": \"linear\"", "\"op\": \"median\"", "node 'sum' has the unknown operation 'median'")]
    [InlineData("\"op\": \"linear\", ", "", "node 'sum' has no 'op'")]
    [InlineData(", [\"b\", 0]]", "]", "node 'is_a' has no table entry for \"b\"")]
    [InlineData(", [\"b\", 0]]", ", [\"b\", 0], [\"a\", 1]]", "node 'is_a' has the table entry \"a\" twice")]
    [InlineData(", [\"b\", 0]]", ", [\"b\", 0], [\"c\", 1]]", "node 'is_a' names the value \"c\", which 'tokens' never has")]
    [InlineData(", [\"b\", 0]]", ", [\"b\", \"x\"]]", "node 'is_a' is numerical, but its table has the result \"x\"")]
    [InlineData(", [\"b\", 0]]", ", [\"b\"]]", "node 'is_a' has a table entry of 1 values")]
    [InlineData("\"table\": [[\"a\", 1], [\"b\", 0]], ", "", "node 'is_a' has no table")]
    [InlineData("key <= query", "key > query", "node 'so_far' lets position 0 select the later position 1, which causal attention hides")]
    [InlineData("key <= query", "key == query + 1", "node 'so_far' lets position 0 select the later position 1")]
    [InlineData("\"predicate\": \"key <= query\"", "\"true_pairs_key_query\": [[0, 0], [2, 1]]", "node 'so_far' lets position 1 select the later position 2")]
    [InlineData("key <= query", "key =< query", "node 'so_far' has the predicate 'key =< query'")]
    [InlineData(", \"predicate\": \"key <= query\"", "", "node 'so_far' has neither a predicate nor true pairs")]
    [InlineData("\"true_pairs_key_query\": [[\"a\", \"a\"], [\"b\", \"b\"]]", "\"predicate\": \"key < query\"", "node 'same' has the predicate 'key < query', but its keys or queries are no numbers")]
    [InlineData("[\"b\", \"b\"]", "[\"a\", \"a\"]", "node 'same' has the true pair (\"a\", \"a\") twice")]
    [InlineData("[\"b\", \"b\"]", "[\"b\", \"z\"]", "node 'same' names the value \"z\"")]
    [InlineData("\"inputs\": [\"same\"]", "\"inputs\": [\"none\"]", "node 'width' reads 'none', which no node defines")]
    [InlineData("\"inputs\": [\"same\"]", "\"inputs\": [\"tokens\"]", "node 'width' reads 'tokens', which is no selector")]
    [InlineData("\"inputs\": [\"same\"]", "\"inputs\": [\"same\", \"same\"]", "node 'width' has 2 inputs, but its operation takes 1")]
    [InlineData("[\"share\", \"number\"]", "[\"share\", \"same\"]", "node 'sum' reads 'same', which is a selector and no variable")]
    [InlineData("[\"share\", \"number\"]", "[\"share\", \"tokens\"]", "node 'sum' reads 'tokens', whose values are not all numbers")]
    [InlineData("[1, -1]", "[1]", "node 'sum' has 1 coefficients for 2 inputs")]
    [InlineData("[1, -1]", "[1, 1e300]", "a coefficient of node 'sum' is not a number")]
    [InlineData("\"inputs\": [\"width\"]", "\"inputs\": [\"share\"]", "node 'number' reads 'share', which is numerical")]
    [InlineData("\"id\": \"number\"", "\"id\": \"width\"", "node 'width' is stated twice")]
    [InlineData("\"id\": \"number\"", "\"id\": \"number\", \"defualt\": 1", "node 'number' has an unknown member 'defualt'")]
    [InlineData("\"tokens_per_sequence\": 3", "\"tokens_per_sequence\": 4", "a full sequence has 5 tokens")]
    [InlineData("\"tokens_per_sequence\": 3", "\"tokens_per_sequence\": 1e9", "'tokens_per_sequence' is not a whole number")]
    [InlineData("[\"a\", \"b\"], \"tok", "[\"a\", \"b\", \"a\"], \"tok", "'input_vocab' has \"a\" twice")]
    [InlineData("[\"a\", \"b\"], \"tok", "[\"a\", \"BOS\"], \"tok", "'BOS'")]
    [InlineData("\"output\": \"sum\"", "\"output\": \"total\"", "the output 'total' is no variable")]
    [InlineData("\"output\": \"sum\"", "\"output\": \"indices\"", "node 'indices' is the output, but it is only an input passed on")]
    [InlineData("\"attention\"", "\"output\": \"classification\", \"attention\"", "node 'sum' is numerical, but the output is a classification")]
    [InlineData(", \"default\": 0", ", \"default\": \"x\"", "node 'share' is numerical, but its default is \"x\"")]
    [InlineData("\"coefficients\"", "\"ll_components\": [\"m0\"], \"coefficients\"", "node 'sum' is to live in 'm0', which cannot read 'share' in 'a1.h0'")]
    [InlineData("\"coefficients\"", "\"ll_components\": [\"a1.h0\"], \"coefficients\"", "node 'sum' is to live in 'a1.h0', which is no MLP")]
    [InlineData("\"coefficients\"", "\"ll_components\": [\"m1\", \"m2\"], \"coefficients\"", "node 'sum' names 2 components")]
    [InlineData("\"inputs\": [\"so_far\", \"is_a\"]", "\"inputs\": [\"so_far\", \"is_a\"], \"ll_components\": [\"a0.h0\"]", "node 'share' is to live in 'a0.h0', which ")]
    [InlineData("\"attention\"", "\"truth_edges\": [[\"embed\", \"out\"]], \"attention\"", "'truth_edges' has the edge from 'embed' to 'out'")]
    [InlineData("\"attention\"", "\"strict_nodes\": [\"m0\"], \"attention\"", "'strict_nodes' has 'm0'")]
    [InlineData("\"attention\"", "\"hl_nodes\": [{\"component\": \"m0\", \"variable\": \"share\"}], \"attention\"", "'hl_nodes' has 'm0' for 'share'")]
    [InlineData("\"attention\": \"causal\"", "\"attention\": \"local\"", "'attention' is neither")]
    [InlineData("\"attention\"", "\"training\": {\"lr\": 0}, \"attention\"", "'lr' is not a number from")]
    [InlineData("\"attention\"", "\"training\": {\"next_token\": true}, \"attention\"", "'next_token'")]
    [InlineData("\"attention\"", "\"token_ids\": {\"a\": 0, \"b\": 1, \"BOS\": 3}, \"attention\"", "the token ids are not 0, 1, ..")]
    [InlineData("\"attention\"", "\"token_ids\": {\"a\": 0, \"b\": 0, \"BOS\": 2}, \"attention\"", "token id 0 is used twice")]
    [InlineData("\"attention\"", "\"token_ids\": {\"a\": 0, \"c\": 1, \"BOS\": 2}, \"attention\"", "the word \"b\" has no token id")]
    [InlineData("\"attention\"", "\"low_level_config\": {\"d_model\": 1000000}, \"attention\"", "'d_model' is not a whole number from 1 to 4096")]
    [InlineData("\"attention\"", "\"low_level_config\": {\"n_layers\": 1}, \"attention\"", "which is no ")]
    [InlineData("\"attention\"", "\"attention\": \"causal\", \"attention\"", "is not JSON")]
    public void A_wrong_program_is_refused_in_one_line(string sound, string wrong, string message)
    {
        string json = Sound.Replace(sound, wrong, StringComparison.Ordinal);
        Assert.NotEqual(Sound, json);
        InputException exception = Assert.Throws<InputException>(() => ProgramFixtures.Parse(json));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.StartsWith("a program: ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void The_number_3_and_the_text_3_cannot_both_be_words()
    {
        string json = Sound.Replace("[\"a\", \"b\"], \"tok", "[3, \"3\"], \"tok", StringComparison.Ordinal);
        Assert.Contains("the word '3' or its token id", Refusal(json), StringComparison.Ordinal);
        Assert.Contains("the token ids are not", Refusal(json.Replace("\"attention\"", "\"token_ids\": {\"3\": 0, \"BOS\": 1}, \"attention\"", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mean_of_unequal_classes_is_refused_when_it_comes_up()
    {
        KnownProgram program = ProgramFixtures.Parse("""
            { "input_vocab": ["a", "b"], "tokens_per_sequence": 2, "attention": "bidirectional", "program": { "output": "mix", "nodes": [
              { "id": "tokens", "op": "tokens" }, { "id": "all", "op": "select", "inputs": ["tokens", "tokens"], "predicate": "true" },
              { "id": "mix", "op": "aggregate", "inputs": ["all", "tokens"] } ] } }
            """);
        Assert.False(program.HasNullClass);
        Assert.Equal(["\"b\"", "\"b\""], ProgramFixtures.Run(program, [2, 1, 1]));
        InputException exception = Assert.Throws<InputException>(() => ProgramFixtures.Run(program, [2, 0, 1]));
        Assert.Contains("node 'mix' selects different values", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_regression_that_may_be_null_is_refused() =>
        Assert.Contains("node 'sum' may be null", Refusal(Sound.Replace("[[\"a\", 1], [\"b\", 0]]", "[[\"a\", 1], [\"b\", null]]", StringComparison.Ordinal)), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"input_vocab\": \"\\ud800\"}")]
    public void What_is_no_program_is_refused(string json) => Assert.StartsWith("a program: ", Refusal(json), StringComparison.Ordinal);

    [Fact]
    public void Deep_nesting_and_endless_lists_are_refused()
    {
        Assert.Contains("is not JSON", Refusal("{\"program\":" + new string('[', 100_000)), StringComparison.Ordinal);
        string words = string.Join(',', Enumerable.Range(0, 5_000));
        Assert.Contains("more than 4096", Refusal($"{{\"input_vocab\": [{words}], \"program\": {{}}}}"), StringComparison.Ordinal);

        // A selector between 4,096 words is 16 million cells: over the bound, and refused before they are made.
        string many = string.Join(',', Enumerable.Range(0, 4_096));
        Assert.Contains("node 's' combines 4096 x 4096 values", Refusal(
            $"{{\"input_vocab\": [{many}], \"tokens_per_sequence\": 3, \"program\": {{\"nodes\": [{{\"id\": \"t\", \"op\": \"tokens\"}}, {{\"id\": \"s\", \"op\": \"select\", \"inputs\": [\"t\", \"t\"], \"predicate\": \"true\"}}], \"output\": \"t\"}}}}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_refused_by_name()
    {
        string missing = Path.Combine(Path.GetTempPath(), "circuitlasso-no-such-program.json");
        Assert.StartsWith(missing, Assert.Throws<InputException>(() => KnownProgram.Load(missing)).Message, StringComparison.Ordinal);
        Assert.StartsWith(Path.GetTempPath(), Assert.Throws<InputException>(() => KnownProgram.Load(Path.GetTempPath())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_damage_gives_a_sound_program_or_one_line()
    {
        Random random = new(20);
        byte[][] files = [Encoding.UTF8.GetBytes(Sound), .. KnownPrograms.All.Where(program => program.Id is "3" or "19" or "21" or "ioi").Select(program => Bytes(program.Id))];
        int refused = 0;
        for (int round = 0; round < 4_000; round++)
        {
            byte[] damaged = Mutation.Apply(files[round % files.Length], random);
            try
            {
                KnownProgram program = KnownProgram.Parse("a program", damaged);
                int[] ids = new ProgramSampler(program, (ulong)round).Sample();
                int[] source = new ProgramSampler(program, (ulong)round + 1).Sample();
                Assert.Equal(program.SequenceLength - 1, ProgramFixtures.Run(program, ids).Length);
                Assert.All(program.Layout, component => Assert.Equal(ids.Length - 1, ProgramFixtures.Run(program, ids, component.Component, source).Length));
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 2_000, 3_999);
    }

    private static string Refusal(string json) => Assert.Throws<InputException>(() => ProgramFixtures.Parse(json)).Message;

    private static byte[] Bytes(string id)
    {
        using Stream stream = KnownPrograms.OpenFile(id);
        using MemoryStream bytes = new();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
