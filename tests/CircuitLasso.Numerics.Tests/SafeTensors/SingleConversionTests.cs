using System.Runtime.InteropServices;

namespace CircuitLasso.Numerics.Tests;

public sealed class SingleConversionTests
{
    private static readonly byte[] _allPatterns = MemoryMarshal.AsBytes(Enumerable.Range(0, 65_536).Select(i => (ushort)i).ToArray().AsSpan()).ToArray();

    [Fact]
    public void Every_bfloat16_is_the_upper_half_of_its_single()
    {
        float[] actual = new float[65_536];
        SingleConversion.FromBFloat16(_allPatterns, actual);
        for (int pattern = 0; pattern < actual.Length; pattern++)
        {
            Assert.Equal((uint)pattern << 16, BitConverter.SingleToUInt32Bits(actual[pattern]));
        }
    }

    [Fact]
    public void Every_float16_is_the_single_of_its_formula()
    {
        float[] actual = new float[65_536];
        SingleConversion.FromFloat16(_allPatterns, actual);
        for (int pattern = 0; pattern < actual.Length; pattern++)
        {
            // IEEE 754 binary16: one sign bit, five exponent bits with bias 15, ten fraction bits.
            int sign = (pattern & 0x8000) == 0 ? 1 : -1;
            int exponent = (pattern >> 10) & 31;
            int fraction = pattern & 1023;
            double expected = exponent switch
            {
                0 => sign * fraction * Math.Pow(2, -24),
                31 => fraction == 0 ? sign * double.PositiveInfinity : double.NaN,
                _ => sign * (1 + (fraction / 1024.0)) * Math.Pow(2, exponent - 15),
            };
            Assert.Equal((float)expected, actual[pattern]);
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)BitConverter.UInt16BitsToHalf((ushort)pattern)), BitConverter.SingleToUInt32Bits(actual[pattern]));
        }
    }

    [Fact]
    public void Doubles_are_rounded_to_the_nearest()
    {
        Random random = new(1);
        double[] values = [0, -0.0, 1, 1 + Math.Pow(2, -24), 1 + (3 * Math.Pow(2, -24)), double.MaxValue, double.Epsilon, double.NaN, double.NegativeInfinity, 1e-40,
            .. Enumerable.Range(0, 1000).Select(_ => random.NextDouble() * Math.Pow(10, random.Next(-40, 40)))];
        float[] actual = new float[values.Length];
        SingleConversion.FromFloat64(MemoryMarshal.AsBytes(values.AsSpan()), actual);
        for (int i = 0; i < values.Length; i++)
        {
            Assert.Equal(BitConverter.SingleToUInt32Bits((float)values[i]), BitConverter.SingleToUInt32Bits(actual[i]));
        }
    }

    [Fact]
    public void Any_length_and_any_alignment_gives_the_same()
    {
        foreach (int shift in new[] { 0, 1, 3 })
        {
            byte[] shifted = new byte[_allPatterns.Length + shift];
            _allPatterns.CopyTo(shifted.AsSpan(shift));
            for (int length = 0; length < 70; length++)
            {
                const int start = 0x3C00;
                ReadOnlySpan<byte> source = shifted.AsSpan(shift + (2 * start), 2 * length);
                float[] bfloats = new float[length];
                float[] halves = new float[length];
                SingleConversion.FromBFloat16(source, bfloats);
                SingleConversion.FromFloat16(source, halves);
                Assert.Equal(Enumerable.Range(start, length).Select(i => BitConverter.UInt32BitsToSingle((uint)i << 16)), bfloats);
                Assert.Equal(Enumerable.Range(start, length).Select(i => (float)BitConverter.UInt16BitsToHalf((ushort)i)), halves);
            }
        }
    }
}
