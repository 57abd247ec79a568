namespace CircuitLasso;

/// <summary>Where one head looks from the last position of a text, as shares of its attention averaged over texts.</summary>
/// <param name="Head">The head's node name, such as <c>a2.h1</c>.</param>
/// <param name="Cue">Share on the word that decides (for agreement, the head noun).</param>
/// <param name="Attractor">Share on the word that could mislead, over the texts that have one.</param>
/// <param name="LastWord">Share on the last word itself, over the texts where that is neither of the two.</param>
/// <param name="Start">Share on the beginning-of-sentence token.</param>
/// <param name="CueIsMost">Share of texts in which no word gets more attention than the deciding one.</param>
public sealed record HeadAttention(string Head, double Cue, double Attractor, double LastWord, double Start, double CueIsMost);
