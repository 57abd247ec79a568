namespace CircuitLasso.Tensors.Tests;

public sealed class ActivationTests
{
    private static readonly Dictionary<string, (Func<Tensor, Tensor> Operation, Func<double, double> Twin)> _functions = new()
    {
        ["gelu"] = (x => x.Gelu(), x => x / 2 * (1 + Erf(x / Math.Sqrt(2)))),
        ["gelu tanh"] = (x => x.GeluTanh(), x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))))),
        ["silu"] = (x => x.Silu(), x => x / (1 + Math.Exp(-x))),
        ["sigmoid"] = (x => x.Sigmoid(), x => 1 / (1 + Math.Exp(-x))),
        ["relu"] = (x => x.Relu(), x => Math.Max(x, 0)),
        ["tanh"] = (x => x.Tanh(), Math.Tanh),
        ["exp"] = (x => x.Exp(), Math.Exp),
        ["log"] = (x => x.Log(), Math.Log),
        ["soft cap"] = (x => x.SoftCap(3), x => 3 * Math.Tanh(x / 3)),
    };

    public static TheoryData<string> Names => [.. _functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Values_and_gradients_agree_with_the_definition(string name)
    {
        (Func<Tensor, Tensor> operation, Func<double, double> twin) = _functions[name];
        foreach (int length in (int[])[0, 1, 3, 8, 31, 100])
        {
            Reference x = Reference.Random(new Random(length), [length], name == "log" ? 0.05 : -6, 6);
            OperationCheck.Agrees(t => operation(t[0]), t => t[0].Map(twin), [x], 1e-6, 3e-6);
        }
    }

    [Theory]
    [InlineData("exp", 2)]
    [InlineData("tanh", 3)]
    [InlineData("sigmoid", 3)]
    [InlineData("log", 2)]
    public void Elementary_functions_are_right_to_a_few_units_in_the_last_place(string name, int units)
    {
        using TensorScope scope = new();
        (Func<Tensor, Tensor> operation, Func<double, double> twin) = _functions[name];
        Random random = new(5);
        float[] x = [.. Enumerable.Range(0, 20000).Select(_ => (float)((random.NextDouble() - (name == "log" ? 0 : 0.5)) * (name == "exp" ? 170 : 30)))];
        float[] y = operation(Tensor.FromValues(x, x.Length)).ToArray();
        for (int i = 0; i < x.Length; i++)
        {
            float right = (float)twin(x[i]);
            float unit = MathF.BitIncrement(Math.Abs(right)) - Math.Abs(right);
            Assert.True(Math.Abs(y[i] - twin(x[i])) <= units * unit, $"{name}({x[i]:R}) = {y[i]:R}, not {right:R}");
        }
    }

    [Fact]
    public void Extreme_arguments_have_the_limits_as_values()
    {
        using TensorScope scope = new();
        float[] x = [float.NegativeInfinity, -1e30f, -104, -90, 0, 88, 89, 1e30f, float.PositiveInfinity, float.NaN];
        Tensor t = Tensor.FromValues(x, x.Length);
        float[] exp = t.Exp().ToArray();
        Assert.Equal([0, 0, 0], exp[..3]);
        Assert.Equal(Math.Exp(-90), exp[3], 1e-44);
        Assert.Equal(1, exp[4]);
        Assert.Equal(Math.Exp(88) / 1e38, exp[5] / 1e38, 1e-6);
        Assert.Equal([float.PositiveInfinity, float.PositiveInfinity, float.PositiveInfinity, float.NaN], exp[6..]);
        Assert.Equal([-1, -1, -1, -1, 0, 1, 1, 1, 1, float.NaN], t.Tanh().ToArray());
        Assert.Equal([0, 0, 0, 0, 0.5f, 1, 1, 1, 1, float.NaN], t.Sigmoid().ToArray().Select(v => v < 1e-38 ? 0 : v));
        Assert.Equal([0, 0, 0, 0, 0, 88, 89, 1e30f, float.PositiveInfinity, float.NaN], t.Relu().ToArray());
        Assert.Equal(float.NegativeZero, Tensor.Scalar(float.NegativeZero).Tanh().Item());
        Assert.Equal(float.NegativeInfinity, Tensor.Scalar(0).Log().Item());
        Assert.Equal(float.NaN, Tensor.Scalar(-1).Log().Item());
    }

    // Values of scipy.special.erf (1.10.1), through gelu(x) = x/2 (1 + erf(x / sqrt 2)).
    [Theory]
    [InlineData(-3.5f, -0.0008142017766243903)]
    [InlineData(-1.25f, -0.13206221708356913)]
    [InlineData(-0.125f, -0.05628272189623589)]
    [InlineData(0.001f, 0.0005003989660005341)]
    [InlineData(0.7f, 0.5306254318017016)]
    [InlineData(2.5f, 2.4844758366855597)]
    public void Exact_gelu_agrees_with_recorded_values(float x, double expected)
    {
        using TensorScope scope = new();
        Assert.Equal(expected, Tensor.Scalar(x).Gelu().Item(), 2e-7);
    }

    [Fact]
    public void A_cap_of_zero_is_refused()
    {
        using TensorScope scope = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => Tensor.Zeros(1).SoftCap(0));
    }

    /// <summary>The error function: its Maclaurin series near zero, and Laplace's continued fraction of the complement beyond, where the series cancels.</summary>
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 2)
        {
            double fraction = 0;
            for (int n = 200; n >= 1; n--)
            {
                fraction = n / 2.0 / (Math.Abs(x) + fraction);
            }

            return Math.Sign(x) * (1 - (Math.Exp(-x * x) / Math.Sqrt(Math.PI) / (Math.Abs(x) + fraction)));
        }

        double term = x;
        double sum = x;
        for (int n = 1; n < 60; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
