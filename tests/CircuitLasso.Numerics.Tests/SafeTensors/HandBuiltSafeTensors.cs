using System.Buffers.Binary;
using System.Text;

namespace CircuitLasso.Numerics.Tests;

/// <summary>Bytes of a safetensors file from its parts, right or wrong.</summary>
internal static class HandBuiltSafeTensors
{
    public static byte[] Bytes(string header, int dataLength) => Bytes(Encoding.UTF8.GetBytes(header), dataLength);

    public static byte[] Bytes(byte[] header, int dataLength)
    {
        byte[] bytes = new byte[8 + header.Length + dataLength];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)header.Length);
        header.CopyTo(bytes.AsSpan(8));
        for (int i = 0; i < dataLength; i++)
        {
            bytes[8 + header.Length + i] = (byte)(i + 1);
        }

        return bytes;
    }

    public static string Tensor(string name, string type, string shape, long begin, long end) =>
        $"\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{shape}],\"data_offsets\":[{begin},{end}]}}";
}
