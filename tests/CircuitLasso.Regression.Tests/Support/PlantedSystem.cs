namespace CircuitLasso.Regression.Tests;

/// <summary>A sparse linear system over blocks in order: every column is a sum of few earlier columns plus noise of unit variance.</summary>
internal sealed class PlantedSystem
{
    public PlantedSystem(int rows, int blocks, int width, int edgesPerBlock, int seed, double mean = 0)
    {
        Random random = new(seed);
        Columns = blocks * width;
        Rows = rows;
        double[,] weights = new double[Columns, Columns];
        for (int target = 1; target < blocks; target++)
        {
            foreach (int source in Enumerable.Range(0, target).OrderBy(_ => random.Next()).Take(edgesPerBlock))
            {
                Edges.Add((source, target));
                for (int j = 0; j < width; j++)
                {
                    int from = (source * width) + random.Next(width);
                    weights[from, (target * width) + j] += (0.6 + (0.4 * random.NextDouble())) * (random.Next(2) == 0 ? 1 : -1);
                }
            }
        }

        Values = new double[rows * Columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < Columns; j++)
            {
                double value = RandomMatrix.Gaussian(random);
                for (int k = 0; k < j; k++)
                {
                    value += weights[k, j] * (Values[(i * Columns) + k] - mean);
                }

                Values[(i * Columns) + j] = value + mean;
            }
        }

        Order = new BlockOrder(Enumerable.Range(0, blocks).Select(b => new RegressionBlock($"b{b}", b * width, width, b, b == 0 ? BlockRole.SourceOnly : BlockRole.SourceAndTarget)));
    }

    public int Rows { get; }

    public int Columns { get; }

    public double[] Values { get; }

    public BlockOrder Order { get; }

    public HashSet<(int Source, int Target)> Edges { get; } = [];

    public GramStatistics Gram() => RandomMatrix.Gram(Values, Columns);
}
