using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

public sealed class BlockFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Arrays_of_npy_and_npz_files_stand_in_the_stated_order()
    {
        string npy = Npy("second", [1, 2, 3, 4, 5, 6], 3, 2);
        string npz = Npz(("first", [10, 20, 30], 3, 1), ("also_first", [0.1, 0.2, 0.3], 3, 1), ("last", [7, 8, 9], 3, 1));
        BlockFiles data = BlockFiles.Open([npy, npz], Order("# comment\n\nfirst, also_first # both read nothing\nsecond\nlast\n"));

        Assert.Equal(3, data.Rows);
        Assert.Null(data.Components);
        Assert.Equal(["first", "also_first", "second", "last"], data.Blocks.Select(block => block.Name));
        Assert.Equal([0, 0, 1, 2], data.Blocks.Select(block => block.Place));
        Assert.Equal([1, 1, 2, 1], data.Blocks.Select(block => block.Width));
        Assert.Equal(
            [CircuitNodeKind.Block, CircuitNodeKind.Block, CircuitNodeKind.Block, CircuitNodeKind.Target], data.Blocks.Select(block => block.Kind));
        Assert.Equal("first also_first | second | last", data.Provenance["blocks"]);
        float[] rows = new float[10];
        data.ReadRows(1, 2, rows);
        Assert.Equal([20, 0.2f, 3, 4, 8, 30, 0.3f, 5, 6, 9], rows);
    }

    [Theory]
    [InlineData("x\nother\ny\n", "names block 'other', which no file holds")]
    [InlineData("x\nx\ny\n", "names block 'x' twice")]
    [InlineData("x x\ny\n", "names block 'x' twice")]
    [InlineData("y\n", "needs at least two places")]
    [InlineData("", "needs at least two places")]
    [InlineData("# x\n# y\n", "needs at least two places")]
    [InlineData("x\nz\n", "leaves out block 'y'")]
    [InlineData("x\ny z\n", "the last with one block")]
    public void A_wrong_order_is_refused_with_the_order_file_and_the_reason(string order, string problem)
    {
        string[] files = [Npy("x", [1, 2], 2, 1), Npy("y", [1, 2], 2, 1), Npy("z", [1, 2], 2, 1)];
        string orderFile = Order(order);
        InputException exception = Assert.Throws<InputException>(() => BlockFiles.Open(files, orderFile));
        Assert.Equal(orderFile, exception.Subject);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 2, 1 }, new[] { 3, 1 }, "array 'y' has 3 rows where 'x' has 2")]
    [InlineData(new[] { 2, 1 }, new[] { 3 }, "array 'y' has 3 rows where 'x' has 2")]
    [InlineData(new[] { 2, 1 }, new[] { 0 }, "array 'y' has shape [0]")]
    [InlineData(new[] { 2, 1 }, new int[0], "array 'y' has shape []")]
    [InlineData(new[] { 2, 1 }, new[] { 2, 0 }, "array 'y' has shape [2, 0]")]
    [InlineData(new[] { 0, 1 }, new[] { 0, 1 }, "array 'x' has shape [0, 1]")]
    [InlineData(new[] { 2, 1 }, new[] { 1, 2, 1 }, "array 'y' has shape [1, 2, 1]")]
    public void Arrays_that_are_no_blocks_of_the_same_rows_are_refused_with_their_file(int[] x, int[] y, string problem)
    {
        string[] files = [Npy("x", x), Npy("y", y)];
        InputException exception = Assert.Throws<InputException>(() => BlockFiles.Open(files, Order("x\ny\n")));
        Assert.Contains(exception.Subject, files);
        Assert.Contains(problem, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void An_array_of_one_number_a_row_is_a_block_of_one_column()
    {
        BlockFiles data = BlockFiles.Open([Npy("x", [1, 2, 3, 4], 2, 2), Npy("y", [5, 6], 2)], Order("x\ny\n"));
        float[] rows = new float[6];
        data.ReadRows(0, 2, rows);
        Assert.Equal([1, 2, 5, 3, 4, 6], rows);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(1e300)]
    public void A_number_that_is_not_finite_is_refused_with_its_file_row_and_column(double number)
    {
        string wrong = Npy("y", [1, 2, 3, 4, 5, number], 2, 3);
        InputException exception = Assert.Throws<InputException>(() => BlockFiles.Open([Npy("x", [1, 2], 2, 1), wrong], Order("x\ny\n")));
        Assert.Equal(wrong, exception.Subject);
        Assert.Contains("array 'y' holds no finite float32 number in row 1, column 2", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_blocks_of_one_name_are_refused()
    {
        string[] files = [Npy("x", [1, 2], 2, 1), Npz(("x", [1, 2], 2, 1))];
        InputException exception = Assert.Throws<InputException>(() => BlockFiles.Open(files, Order("x\ny\n")));
        Assert.Contains("block 'x' is also in", exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_damaged_files_are_refused_with_their_names()
    {
        string good = Npy("x", [1, 2], 2, 1);
        string missing = _folder.PathOf("missing.npy");
        Assert.Equal(missing, Assert.Throws<InputException>(() => BlockFiles.Open([good, missing], Order("x\nmissing\n"))).Subject);
        string noOrder = _folder.PathOf("no-order.txt");
        Assert.Equal(noOrder, Assert.Throws<InputException>(() => BlockFiles.Open([good], noOrder)).Subject);
        string cut = _folder.PathOf("cut.npy");
        File.WriteAllBytes(cut, File.ReadAllBytes(good)[..^1]);
        Assert.Equal(cut, Assert.Throws<InputException>(() => BlockFiles.Open([good, cut], Order("x\ncut\n"))).Subject);
        string text = _folder.PathOf("text.npz");
        File.WriteAllText(text, "not an archive");
        Assert.Equal(text, Assert.Throws<InputException>(() => BlockFiles.Open([good, text], Order("x\ny\n"))).Subject);
    }

    [Fact]
    public void The_edges_of_a_planted_chain_outweigh_all_others_from_files_to_circuit_file()
    {
        PlantedChain planted = new(800, seed: 11);
        string npz = Npz(("a", Flat(planted.A), 800, 4), ("alone", Flat(planted.Alone), 800, 4), ("b", Flat(planted.B), 800, 4), ("side", Flat(planted.Side), 800, 4));
        string[] files = [npz, Npy("c", Flat(planted.C), 800, 4), Npy("y", Flat(planted.Y), 800, 2)];
        BlockFiles data = BlockFiles.Open(files, Order("a alone\nb side\nc\ny\n"));

        LearningResult result = LassoLearner.Learn(data, target: null);
        string circuitFile = _folder.PathOf("planted.circuit");
        CircuitFile.Write(result.Circuit, circuitFile);
        Circuit circuit = CircuitFile.Read(circuitFile);

        Assert.Equal(0, result.MissedTargets);
        Assert.Equal("y", circuit.Target.Name);
        double[] chain = [.. PlantedChain.ChainEdges.Select(edge => circuit.Edge(edge.Source, edge.Target)!.Weight)];
        CircuitEdge[] others = [.. circuit.Edges.Where(edge => !PlantedChain.ChainEdges.Contains((edge.Source, edge.Target)))];
        Assert.NotEmpty(others);
        Assert.True(chain.Min() > 5 * others.Max(edge => edge.Weight), $"the weakest true edge has {chain.Min()}, the strongest other {others.Max(edge => edge.Weight)}");

        // In the circuit are the chain and what passes the threshold, each with the lambda at which it entered; of true edges, none enters later than a false one.
        CircuitEdge[] chosen = [.. circuit.Edges.Where(edge => edge.InCircuit)];
        Assert.Equal(PlantedChain.ChainEdges.Order(), chosen.Select(edge => (edge.Source, edge.Target)).Order());
        Assert.All(circuit.Edges, edge => Assert.True(edge.EntersAtLambda > 0, $"{edge.Source} -> {edge.Target} does not say at which lambda it enters"));

        // side is computed from a, and strongly, but nothing that matters reads it.
        CircuitEdge side = circuit.Edge("a", "side")!;
        Assert.True(side.Norm > 1);
        Assert.True(side.Weight < 0.02);
        Assert.False(side.InCircuit);
        Assert.Contains("a", circuit.NodesInCircuit());
        Assert.DoesNotContain("side", circuit.NodesInCircuit());
        Assert.DoesNotContain("alone", circuit.NodesInCircuit());
    }

    private static double[] Flat(float[,] values) => [.. values.Cast<float>().Select(value => (double)value)];

    private string Order(string text)
    {
        string path = _folder.PathOf("order.txt");
        File.WriteAllText(path, text);
        return path;
    }

    private string Npy(string name, int[] shape) => Npy(name, new double[shape.Aggregate(1, (a, b) => a * b)], [.. shape.Select(size => (long)size)]);

    private string Npy(string name, double[] values, params long[] shape)
    {
        string path = _folder.PathOf(name + ".npy");
        using NumPyArray array = NumPyArray.Create<double>(values, shape);
        NpyFile.Write(path, array);
        return path;
    }

    private string Npz(params (string Name, double[] Values, long Rows, long Columns)[] arrays)
    {
        string path = _folder.PathOf("arrays.npz");
        Dictionary<string, NumPyArray> all = arrays.ToDictionary(array => array.Name, array => NumPyArray.Create<double>(array.Values, array.Rows, array.Columns));
        NpzFile.Write(path, all);
        foreach (NumPyArray array in all.Values)
        {
            array.Dispose();
        }

        return path;
    }
}
