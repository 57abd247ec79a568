namespace CircuitLasso.Numerics.Tests;

public sealed class Crc32StreamTests
{
    [Fact]
    public void The_check_value_of_the_standard_is_met()
    {
        using Crc32Stream stream = new(new MemoryStream("123456789"u8.ToArray()));
        stream.ReadExactly(new byte[9]);
        Assert.Equal(0xCBF43926, stream.Value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(1000)]
    public void Any_cut_into_reads_has_the_checksum_bit_by_bit(int length)
    {
        Random random = new(length);
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        uint expected = uint.MaxValue;
        foreach (byte value in bytes)
        {
            expected ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                expected = (expected & 1) == 0 ? expected >> 1 : (expected >> 1) ^ 0xEDB88320;
            }
        }

        foreach (int step in new[] { 1, 3, 8, 13, 5000 })
        {
            using Crc32Stream stream = new(new MemoryStream(bytes));
            byte[] buffer = new byte[step];
            while (stream.Read(buffer) > 0)
            {
            }

            Assert.Equal(~expected, stream.Value);
        }
    }
}
