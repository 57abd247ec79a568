namespace CircuitLasso.Tests;

/// <summary>A fitted MLP once more, in double precision, its GELU by a series and its derivatives by differences.</summary>
internal sealed class ExplicitMlp(FittedMlp mlp)
{
    private const int Points = 200;
    private const double Step = 1e-5;
    private readonly float[] _outputBias = mlp.Apply(new float[mlp.Read]);

    /// <summary>f(x), up to the same vector for all x.</summary>
    public double[] Apply(double[] x)
    {
        double[] hidden = [.. mlp.HiddenInputs(new float[mlp.Read]).Select((bias, unit) =>
            Gelu(bias + x.Select((value, i) => value * mlp.InputWeights[(i * mlp.Hidden) + unit]).Sum()))];
        return [.. _outputBias.Select((_, j) => hidden.Select((value, unit) => value * mlp.OutputWeights[(unit * mlp.Written) + j]).Sum())];
    }

    /// <summary>The derivative of f in a direction, averaged along the path from one point by a distance.</summary>
    public double[] AlongPath(double[] from, double[] distance, double[] direction)
    {
        double[] sum = new double[mlp.Written];
        for (int point = 0; point < Points; point++)
        {
            double alpha = (point + 0.5) / Points;
            double[] At(double side) => Apply([.. from.Select((value, i) => value + (alpha * distance[i]) + (side * Step * direction[i]))]);
            (double[] above, double[] below) = (At(1), At(-1));
            for (int j = 0; j < sum.Length; j++)
            {
                sum[j] += (above[j] - below[j]) / (2 * Step * Points);
            }
        }

        return sum;
    }

    // x Phi(x), with Phi(x) = 1/2 + density(x) (x + x^3 / 3 + x^5 / (3 5) + ...): Marsaglia, Journal of Statistical Software 11(4), 2004.
    private static double Gelu(double x)
    {
        if (Math.Abs(x) > 8)
        {
            return Math.Max(x, 0);
        }

        double sum = x;
        double term = x;
        for (int i = 3; Math.Abs(term) > 1e-16 * Math.Abs(sum); i += 2)
        {
            term *= x * x / i;
            sum += term;
        }

        return x * (0.5 + (sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)));
    }
}
