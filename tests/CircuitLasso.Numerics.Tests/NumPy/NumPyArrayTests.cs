namespace CircuitLasso.Numerics.Tests;

public sealed class NumPyArrayTests
{
    [Fact]
    public void Every_type_converts_as_a_cast_does()
    {
        Random random = new(3);
        double[] doubles = [.. Enumerable.Range(0, 1003).Select(_ => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-45, 45))), double.NaN, double.PositiveInfinity];
        float[] singles = [.. doubles.Select(value => (float)value)];
        long[] longs = [long.MinValue, long.MaxValue, .. Enumerable.Range(0, 1003).Select(_ => random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64))];
        int[] ints = [int.MinValue, int.MaxValue, .. Enumerable.Range(0, 1003).Select(_ => random.Next(int.MinValue, int.MaxValue) >> random.Next(32))];
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        bool[] booleans = [true, false, true];

        Check(doubles, value => (float)value, value => value, null);
        Check(singles, value => value, value => value, null);
        Check(longs, value => value, value => value, value => value);
        Check(ints, value => value, value => value, value => value);
        Check(bytes, value => value, value => value, value => value);
        Check(booleans, value => value ? 1 : 0, value => value ? 1 : 0, value => value ? 1 : 0);
    }

    [Fact]
    public void An_array_longer_than_one_step_is_converted_whole()
    {
        const int length = (1 << 20) + 17;
        using NumPyArray array = NumPyArray.Create<int>(Enumerable.Range(0, length).ToArray(), length);
        Assert.True(array.AsInt64s().Select((value, i) => value == i).All(same => same));
        double[] window = new double[20];
        array.CopyTo(length - 20, window);
        Assert.Equal(Enumerable.Range(length - 20, 20).Select(i => (double)i), window);
    }

    [Fact]
    public void A_window_outside_the_array_is_refused()
    {
        using NumPyArray array = NumPyArray.Create<float>([1, 2, 3], 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyTo(-1, new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyTo(2, new double[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyTo(nint.MaxValue, new float[2]));
    }

    [Fact]
    public void A_shape_of_another_size_and_an_unknown_type_are_refused()
    {
        Assert.Throws<ArgumentException>(() => NumPyArray.Create<float>([1, 2, 3], 2));
        Assert.Throws<ArgumentException>(() => NumPyArray.Create<float>([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => NumPyArray.Create<float>([1, 2, 3], -3, -1));
        Assert.Throws<ArgumentException>(() => NumPyArray.Create<float>([], long.MaxValue, long.MaxValue, 0));
        Assert.Throws<NotSupportedException>(() => NumPyArray.Create<char>(['a'], 1));
    }

    private static void Check<T>(T[] values, Func<T, float> single, Func<T, double> wide, Func<T, long>? whole)
        where T : unmanaged
    {
        using NumPyArray array = NumPyArray.Create<T>(values, values.Length);
        Assert.Equal(values.Length, array.Length);
        Assert.Equal(values.Select(single), array.AsSingles());
        Assert.Equal(values.Select(wide), array.AsDoubles());
        if (whole is null)
        {
            Assert.Contains("whole numbers", Assert.Throws<InputException>(array.AsInt64s).Problem, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(values.Select(whole), array.AsInt64s());
        }
    }
}
