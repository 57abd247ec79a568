namespace CircuitLasso.Numerics;

/// <summary>One tensor of a safetensors file: what it is and where its bytes lie.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its dimensions, row-major; empty for a scalar.</param>
/// <param name="Offset">The first byte, counted from the start of the file.</param>
/// <param name="Length">Number of bytes.</param>
public sealed record SafeTensorsEntry(string Name, SafeTensorsDataType DataType, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>Number of elements: the product of the dimensions, one for a scalar.</summary>
    public long ElementCount => Length / SafeTensorsDataTypes.Size(DataType);

    /// <summary>The first dimension; one for a scalar.</summary>
    public long RowCount => Shape.Count == 0 ? 1 : Shape[0];

    /// <summary>Elements of one row: the product of the dimensions after the first, one for a vector or a scalar.</summary>
    public long RowLength
    {
        get
        {
            long length = 1;
            for (int i = 1; i < Shape.Count; i++)
            {
                length *= Shape[i];
            }

            return length;
        }
    }
}
