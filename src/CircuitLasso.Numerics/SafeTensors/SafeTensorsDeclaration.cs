namespace CircuitLasso.Numerics;

/// <summary>A tensor that a <see cref="SafeTensorsWriter"/> is going to be given.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DataType">The type of its elements.</param>
/// <param name="Shape">Its dimensions, row-major; empty for a scalar.</param>
public sealed record SafeTensorsDeclaration(string Name, SafeTensorsDataType DataType, params IReadOnlyList<long> Shape);
