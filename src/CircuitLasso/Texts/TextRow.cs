namespace CircuitLasso;

/// <summary>One row of a text file. Immutable.</summary>
/// <param name="Index">The row's number among the rows of the file, from 0.</param>
/// <param name="Line">The line of the file on which the row begins, from 1.</param>
/// <param name="Text">The text; empty only where <see cref="TextOptions.AllowEmptyText"/> says so.</param>
/// <param name="Label">The label as it is written in the file, or null where no label column was asked for.</param>
/// <param name="LabelClass">The label's index in <see cref="TextSource.LabelClasses"/>, or null where no label column was asked for.</param>
/// <param name="KeptColumns">The columns of <see cref="TextOptions.KeptColumns"/>, by the names used there.</param>
public sealed record TextRow(int Index, int Line, string Text, string? Label, int? LabelClass, IReadOnlyDictionary<string, string> KeptColumns);
