namespace CircuitLasso.Tensors.Tests;

public sealed class RandomSourceTests
{
    // Computed by an independent program from the published C of xoshiro256** and SplitMix64.
    [Fact]
    public void The_stream_is_that_of_the_published_generator()
    {
        RandomSource random = new(42);
        Assert.Equal([1546998764402558742UL, 6990951692964543102UL, 12544586762248559009UL, 17057574109182124193UL], Enumerable.Range(0, 4).Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void The_logarithm_is_right_without_the_platforms_own()
    {
        for (double x = 1e-300; x < 1e300; x *= 1.37)
        {
            Assert.Equal(Math.Log(x), RandomSource.NaturalLogarithm(x), 2e-15 * Math.Max(1, Math.Abs(Math.Log(x))));
        }
    }

    [Fact]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution()
    {
        RandomSource random = new(1);
        const int Count = 200_000;
        double[] draws = [.. Enumerable.Range(0, Count).Select(_ => random.NextNormal())];

        // Six standard errors of each moment: 1, 2, 15 and 96 are the variances of x, x^2, x^3 and x^4.
        Assert.Equal(0, draws.Average(), 6 * Math.Sqrt(1.0 / Count));
        Assert.Equal(1, draws.Average(x => x * x), 6 * Math.Sqrt(2.0 / Count));
        Assert.Equal(0, draws.Average(x => x * x * x), 6 * Math.Sqrt(15.0 / Count));
        Assert.Equal(3, draws.Average(x => x * x * x * x), 6 * Math.Sqrt(96.0 / Count));
    }

    [Fact]
    public void Uniform_numbers_stay_inside_and_fill_their_range()
    {
        RandomSource random = new(2);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[random.NextInt32(7)]++;
            Assert.InRange(random.NextDouble(), 0, 1 - 1e-16);
        }

        // 10000 expected, with a standard deviation of 93.
        Assert.All(counts, count => Assert.InRange(count, 9440, 10560));
        Assert.Throws<ArgumentOutOfRangeException>(() => random.NextInt32(0));
    }

    [Fact]
    public void Random_tensors_repeat_for_the_same_seed()
    {
        using TensorScope scope = new();
        Assert.Equal(new RandomSource(3).NormalTensor(0.02f, 3, 5).ToArray(), new RandomSource(3).NormalTensor(0.02f, 3, 5).ToArray());
        Assert.All(new RandomSource(3).UniformTensor(-1, 2, 100).ToArray(), value => Assert.InRange(value, -1, 2));
        Assert.NotEqual(new RandomSource(3).NextUInt64(), new RandomSource(4).NextUInt64());
    }
}
