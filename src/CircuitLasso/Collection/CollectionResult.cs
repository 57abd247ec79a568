namespace CircuitLasso;

/// <summary>What <see cref="ActivationCollector.Run"/> has done.</summary>
/// <param name="Texts">Texts of the file.</param>
/// <param name="Rows">Rows of the finished store.</param>
/// <param name="ResumedAtText">Texts that an earlier run had kept already.</param>
/// <param name="CutTexts">Texts of this run that were longer than the limit and were cut.</param>
/// <param name="Tokens">Tokens run through the model in this run.</param>
/// <param name="ForwardSeconds">Seconds of this run spent in the model.</param>
/// <param name="TotalSeconds">Seconds of this run in all.</param>
public sealed record CollectionResult(int Texts, long Rows, int ResumedAtText, int CutTexts, long Tokens, double ForwardSeconds, double TotalSeconds);
