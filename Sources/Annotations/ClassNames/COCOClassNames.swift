extension ClassNameList {
    /// COCO's categories 1 to 90 in the order of their ids. Ten ids are not in use, and their places hold ``unusedName``.
    /// A network of torchvision's has these 90 outputs, beside the one for the background.
    public static let cocoNamesByID: [String] = entries(
        """
        person; bicycle; car; motorcycle; airplane; bus; train; truck; boat; traffic light; fire hydrant; N/A;
        stop sign; parking meter; bench; bird; cat; dog; horse; sheep; cow; elephant; bear; zebra; giraffe; N/A;
        backpack; umbrella; N/A; N/A; handbag; tie; suitcase; frisbee; skis; snowboard; sports ball; kite; baseball bat;
        baseball glove; skateboard; surfboard; tennis racket; bottle; N/A; wine glass; cup; fork; knife; spoon; bowl;
        banana; apple; sandwich; orange; broccoli; carrot; hot dog; pizza; donut; cake; chair; couch; potted plant; bed;
        N/A; dining table; N/A; N/A; toilet; N/A; tv; laptop; mouse; remote; keyboard; cell phone; microwave; oven;
        toaster; sink; refrigerator; N/A; book; clock; vase; scissors; teddy bear; hair drier; toothbrush
        """)

    /// COCO's 80 categories in the order of their ids.
    public static let cocoNames: [String] = cocoNamesByID.filter { $0 != unusedName }
}
