namespace CircuitLasso.Tests;

/// <summary>Normal numbers of mean 0 and deviation 1, the same for the same seed.</summary>
internal sealed class Gaussian(int seed)
{
    private readonly Random _random = new(seed);

    public double Next() => Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    public double[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => Next())];

    public double[,] Matrix(int rows, int columns)
    {
        double[,] matrix = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                matrix[i, j] = Next();
            }
        }

        return matrix;
    }
}
