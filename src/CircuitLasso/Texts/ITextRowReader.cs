namespace CircuitLasso;

/// <summary>One format of text files.</summary>
internal interface ITextRowReader
{
    /// <summary>Streams the rows; the values of a row are those of <see cref="TextColumns.Names"/>, in that order.</summary>
    /// <exception cref="Numerics.InputException">The file is not what the format or the options say.</exception>
    IEnumerable<(int Line, string[] Values)> Read(TextFileBytes file, TextColumns columns);
}
