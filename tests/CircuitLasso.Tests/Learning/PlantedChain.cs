namespace CircuitLasso.Tests;

/// <summary>
/// Blocks a -> b -> c -> y, each a sparse linear map of the one before plus noise of unit variance, and two blocks beside the chain: <c>side</c>, computed from a
/// but read by nobody, and <c>alone</c>, which is noise.
/// </summary>
internal sealed class PlantedChain
{
    public const int Width = 4;

    public static readonly (string Source, string Target)[] ChainEdges = [("a", "b"), ("b", "c"), ("c", "y")];

    private readonly Gaussian _random;

    public PlantedChain(int rows, int seed)
    {
        Rows = rows;
        _random = new Gaussian(seed);
        A = Noise(Width);
        Alone = Noise(Width);
        Side = Next(A, Width);
        B = Next(A, Width);
        C = Next(B, Width);
        Y = Next(C, 2);
    }

    public int Rows { get; }

    public float[,] A { get; }

    public float[,] Alone { get; }

    public float[,] Side { get; }

    public float[,] B { get; }

    public float[,] C { get; }

    public float[,] Y { get; }

    public ArrayLearningData WithTargetBlock() => new(("a", 0, A), ("alone", 0, Alone), ("b", 1, B), ("side", 1, Side), ("c", 2, C), ("y", 3, Y));

    public ArrayLearningData WithoutTarget() => new(("a", 0, A), ("alone", 0, Alone), ("b", 1, B), ("side", 1, Side), ("c", 2, C));

    public double[] Column(float[,] block, int column) => [.. Enumerable.Range(0, Rows).Select(row => (double)block[row, column])];

    /// <summary>Numbers that have nothing to do with any block.</summary>
    public double[] Unrelated() => _random.Numbers(Rows);

    private float[,] Noise(int width)
    {
        float[,] noise = new float[Rows, width];
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < width; column++)
            {
                noise[row, column] = (float)_random.Next();
            }
        }

        return noise;
    }

    // Column j reads two columns of the source.
    private float[,] Next(float[,] source, int width)
    {
        float[,] next = Noise(width);
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < width; column++)
            {
                next[row, column] += (1.5f * source[row, column]) - source[row, (column + 1) % Width];
            }
        }

        return next;
    }
}
