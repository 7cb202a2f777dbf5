"""Romanised names of the languages for which Faker has none in Latin letters."""

from typing import Final

GIVEN: Final = tuple(
    """
    Aarav Aditi Anjali Arjun Deepika Harpreet Ishaan Kavya Lakshmi Manish Neha Pooja Pranav Priya
    Rahul Rohan Sanjay Shreya Sunita Tanvi Vikram Ayesha Bilal Fatima Hamza Hassan Iqra Noor Omar
    Rabia Saad Sana Usman Zainab Abdullah Ahmad Amal Bushra Dalia Farid Ghada Hadi Hanan Ibrahim
    Jamal Karim Khalid Laila Layth Mahmoud Mariam Mustafa Nabil Nadia Nour Rania Rashid Salma Samir
    Tariq Walid Yasmin Youssef Zeinab Aleksei Alina Anastasia Andrei Artyom Boris Darya Dmitri
    Ekaterina Evgeny Galina Igor Irina Ivan Kirill Ksenia Maksim Nadezhda Natalia Nikita Oksana
    Oleg Olga Pavel Polina Roman Sergei Svetlana Taras Tatiana Vadim Vera Viktor Vlad Yana Yulia
    Zoya Bohdan Olena Iryna Mykola Wei Xiu Jing Ming Hao Lan Mei Yan Jun Qiang Xin Yi Zhen Hui Lei
    Ping Akira Aiko Daichi Emi Haruka Hiroshi Kaito Kenji Mika Naoko Ren Sakura Sora Takumi Yuki
    Yumi Ji-woo Min-jun Seo-yeon Hyun Eun-ji Do-yun Soo-ah Jae-won Adaeze Amara Babatunde Chidi
    Chiamaka Ebele Emeka Femi Folake Ifeoma Ikenna Kemi Ngozi Obinna Olumide Segun Sade Temitope
    Uche Yetunde Zainabu Amina Baraka Juma Neema Wanjiru Kamau Achieng Otieno Njeri Mwangi Abebe
    Hana Selam Tesfaye Almaz Dawit Kwame Ama Kofi Abena Yaw Akosua Thandiwe Sipho Lerato Nomsa
    Themba Zanele Linh Minh Thao Tuan Huong Phuong Duc Trang Somchai Niran Ploy Kanya Anong Dara
    Bayu Citra Dewi Eko Indah Joko Ketut Made Nyoman Putri Rizky Sari Siti Wayan Yusuf Aisyah Ayu
    Jhun Maricel Rodel Jonalyn Reynaldo Marites Arnel Liezel Rowena Danilo Cyrus Dariush Elham
    Farhad Golnaz Kaveh Laleh Mahsa Nasrin Parisa Reza Shirin Avi Noa Eitan Shira Yael Tamar Yossi
    Nikos Eleni Giorgos Katerina Stavros Despina Bojan Dragan Jelena Milica Milos Nemanja Vesna
    Ivana Georgi Desislava Plamen Tsvetan Aung Thida Sokha Chan Tenzin Pema Bishnu Sita Nimal
    Chathura Dilani Kasun Elif Emre Burak Zeynep Mehmet Ayse Deniz Cem Asli Hakan Selin
    """.split()
)
FAMILY: Final = tuple(
    """
    Agarwal Bhatt Chatterjee Chopra Desai Ganguly Gupta Iyer Jain Kapoor Khanna Kulkarni Malhotra
    Mehta Mishra Nair Patel Pillai Rao Reddy Sharma Singh Srinivasan Trivedi Verma Ahmed Butt
    Chaudhry Hussain Javed Khan Malik Mirza Qureshi Raza Sheikh Siddiqui Al-Amin Al-Hashimi
    Abdelaziz Boutros El-Sayed Farouk Haddad Hamdan Khoury Mansour Nasser Saleh Shehata Zidan
    Antonov Baranov Bogdanov Fedorov Gusev Ivanova Kozlov Kuznetsov Lebedev Makarova Morozov
    Novikov Orlova Pavlov Petrov Popova Romanov Semenova Smirnov Sokolov Titov Volkov Zaitsev
    Bondarenko Kovalenko Shevchenko Melnyk Tkachenko Chen Huang Li Liang Lin Liu Luo Sun Tang Wang
    Wu Xu Yang Zhang Zhao Zhou Fujimoto Hayashi Inoue Ito Kobayashi Matsuda Mori Nakamura Sato
    Suzuki Takahashi Tanaka Watanabe Yamada Choi Jeong Kang Kim Lee Park Shin Yoon Abiodun Adeyemi
    Afolabi Bello Chukwu Danjuma Eze Ibekwe Mbanefo Nwosu Obi Ogunleye Okafor Okonkwo Oyelaran
    Suleiman Kariuki Kimani Mutua Ndungu Odhiambo Wafula Gebre Haile Tadesse Asante Boateng Mensah
    Osei Dlamini Khumalo Mokoena Naidoo Nkosi Nguyen Tran Pham Hoang Vu Bui Srisai Wongsakul
    Chaiyaporn Hidayat Kurniawan Lestari Nugroho Pratama Saputra Setiawan Siregar Wijaya Bautista
    Castillo Dela-Cruz Mendoza Ocampo Pangilinan Reyes Santos Villanueva Ahmadi Ebrahimi Hosseini
    Karimi Moradi Rostami Tehrani Ben-David Friedman Levi Mizrahi Peretz Georgiou Nikolaidis
    Papadopoulos Jovanovic Markovic Petrovic Stankovic Dimitrov Georgiev Ivanov Kolev Perera Silva
    Wickramasinghe Gurung Shrestha Thapa Demir Kaya Ozturk Sahin Yildiz Yilmaz Aydin Celik
    """.split()
)
