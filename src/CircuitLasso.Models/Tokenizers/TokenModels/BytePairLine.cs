using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>One merge as a file lists it.</summary>
/// <param name="Left">The left token.</param>
/// <param name="Right">The right token.</param>
/// <param name="Bad">Makes a complaint about it, from words that go on after its place.</param>
internal readonly record struct BytePairLine(string Left, string Right, Func<string, InputException> Bad);
